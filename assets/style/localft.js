// The page's own script: title and notification when a job ends, and keyboard help where Gradio has none.
(() => {
  let known = null;
  const look = () => {
    const signal = document.querySelector(".lf-signal [data-title]");
    if (!signal) return;
    if (document.title !== signal.dataset.title) document.title = signal.dataset.title;
    const ended = signal.dataset.ended;
    if (known !== null && ended && ended !== known && "Notification" in window && Notification.permission === "granted") {
      new Notification("localft", { body: signal.dataset.sentence });
    }
    known = ended;
  };
  // Gradio's folds do not say whether they are open, and its tabs do not name their panels.
  const describe = () => {
    for (const fold of document.querySelectorAll(".label-wrap")) {
      fold.setAttribute("aria-expanded", String(fold.classList.contains("open")));
    }
  };
  setInterval(() => {
    look();
    describe();
  }, 1000);
  // Rating blind by keyboard: A, B or =, unless one is writing.
  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest && event.target.closest("input, textarea, select, [contenteditable]");
    const name = { a: "rate-a", b: "rate-b", "=": "rate-same" }[event.key.toLowerCase()];
    if (writing || !name || event.ctrlKey || event.metaKey || event.altKey) return;
    const button = document.getElementById(name);
    if (button && button.offsetParent !== null && !button.disabled) button.click();
  });
  // Browsers ask for permission only after a click; the moment to ask is when something long is started.
  document.addEventListener("click", (event) => {
    const starts = event.target.closest && event.target.closest(".lf-long");
    if (starts && "Notification" in window && Notification.permission === "default") Notification.requestPermission();
  });
})();
