// The editor of one example (localft/ui/views/editor.py draws it): turns are added, moved and taken out in the page, so
// that no answer of the app comes between a person and what is being typed; saving sends all of it at once.
// Turns that were taken out of this draft, with the turn that each stood after.
let removed = [];
const turnsOf = () => [...element.querySelectorAll("[data-turn]")];
const fieldOf = (turn, name) => turn.querySelector(`[data-field="${name}"]`);

// What nobody has typed into is not sent: a page changes line ends, and nothing may change by itself.
const typed = (field) => (field && field.dataset.typed ? field.value : null);

const draft = () => ({
  turns: turnsOf().map((turn) => {
    const fresh = turn.dataset.was === "";
    const role = fieldOf(turn, "role");
    const learn = fieldOf(turn, "learn");
    return {
      was: fresh ? null : Number(turn.dataset.was),
      role: role ? role.value : turn.dataset.role,
      learn: learn ? learn.checked : true,
      content: fresh ? fieldOf(turn, "content").value : typed(fieldOf(turn, "content")),
      tool_calls: typed(fieldOf(turn, "tool_calls")),
      name: typed(fieldOf(turn, "name")),
      tool_call_id: typed(fieldOf(turn, "tool_call_id")),
    };
  }),
  rejected: typed(element.querySelector('[data-whole="rejected"]')),
  tools: typed(element.querySelector('[data-whole="tools"]')),
});

// Numbers and names follow the order.
const settle = () => {
  const turns = turnsOf();
  turns.forEach((turn, place) => {
    const number = String(place + 1);
    turn.dataset.role = fieldOf(turn, "role")?.value ?? turn.dataset.role;
    for (const one of turn.querySelectorAll("[data-number]")) one.textContent = number;
    for (const one of turn.querySelectorAll("[data-name]")) one.ariaLabel = one.dataset.name.replace("#", number);
    for (const one of turn.querySelectorAll('[data-edit="up"]')) one.disabled = place === 0;
    for (const one of turn.querySelectorAll('[data-edit="down"]')) one.disabled = place === turns.length - 1;
  });
  const system = element.querySelector('[data-edit="system"]');
  if (system) system.hidden = turns.some((turn) => turn.dataset.role === "system");
  const back = element.querySelector('[data-edit="back"]');
  if (back) back.hidden = removed.length === 0;
};

const changed = () => {
  const form = element.querySelector("[data-draft]");
  if (form) form.dataset.changed = "yes";
  settle();
};

const fresh = (role) => {
  const turn = element.querySelector("template").content.firstElementChild.cloneNode(true);
  fieldOf(turn, "role").value = role;
  return turn;
};

const answerTo = (turn) => (turn && turn.dataset.role === "user" ? "assistant" : "user");

const put = (turn, place) => {
  place(turn);
  changed();
  fieldOf(turn, "content").focus();
};

const edits = {
  before: (turn) => put(fresh(answerTo(turn.previousElementSibling)), (added) => turn.before(added)),
  after: (turn) => put(fresh(answerTo(turn)), (added) => turn.after(added)),
  up: (turn) => turn.previousElementSibling?.before(turn),
  down: (turn) => turn.nextElementSibling?.after(turn),
  remove: (turn) => {
    const beside = turn.nextElementSibling ?? turn.previousElementSibling;
    removed.push({ turn, after: turn.previousElementSibling });
    turn.remove();
    beside?.querySelector('[data-edit="remove"]').focus();
  },
  back: () => {
    const { turn, after } = removed.pop();
    put(turn, (one) => (after?.isConnected ? after.after(one) : element.querySelector("[data-turns]").prepend(one)));
  },
  system: () => put(fresh("system"), (added) => element.querySelector("[data-turns]").prepend(added)),
  end: () => put(fresh(answerTo(turnsOf().at(-1))), (added) => element.querySelector("[data-turns]").append(added)),
  worse: (_, button) => {
    const worse = element.querySelector("[data-worse]");
    worse.hidden = false;
    button.hidden = true;
    worse.querySelector("textarea").focus();
  },
};

const send = (action) => {
  const form = element.querySelector("[data-draft]");
  if (!form || form.inert) return;
  const { project, split, index, key } = form.dataset;
  // Until the answer is there, nothing is typed that it would not hold.
  form.inert = action === "save";
  const place = { project, split, index: Number(index), key };
  trigger("click", { action, value: action === "save" ? JSON.stringify({ ...place, draft: draft() }) : "" });
};

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || button.disabled) return;
  if (button.dataset.send) send(button.dataset.send);
  if (!button.dataset.edit) return;
  edits[button.dataset.edit](button.closest("[data-turn]"), button);
  changed();
  if (element.contains(button) && ["up", "down"].includes(button.dataset.edit)) button.focus();
});
element.addEventListener("input", (event) => {
  event.target.dataset.typed = "yes";
  changed();
});

// An answer has come: a new example to change, or the sentence why the last draft was not kept.
watch("value", () => {
  removed = [];
  settle();
  element.querySelector('[data-field="content"]')?.focus();
});
watch("answered", () => {
  const form = element.querySelector("[data-draft]");
  if (form) form.inert = false;
});
