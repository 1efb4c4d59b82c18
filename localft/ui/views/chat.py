"""The Chat tab: questions, and the answers of one or two models beside each other, exactly as they were given."""

from collections.abc import Collection

from localft import words
from localft.serving.endpoint import Answer
from localft.ui.conversation import Conversation, Reply, Turn
from localft.ui.views import parts
from localft.ui.views.html import Markup, h, join

NAMES = {"base": "Base model", "tuned": "Tuned model", "gguf": "Exported file (GGUF)"}


def state(kinds: Collection[str]) -> Markup:
    """The sentence on top; `kinds` of what can be talked to: "run", "export", "base"."""
    if not kinds:
        return parts.state("There is no model to talk to yet.", "Next: choose one in Start, or train.")
    exported = "The exported files can be talked to" if "export" in kinds else ""
    if "run" in kinds:
        more = f" {exported} as well." if exported else ""
        return parts.state("Ask both models the same and compare." + more, "Convinced? Next: Export.")
    if exported:
        return parts.state(f"{exported}; the runs they came from are gone.", "Next: Train.")
    return parts.state("Nothing is trained yet; ask the base model what it can do already.", "Next: Train.")


def conversation(talk: Conversation) -> Markup:
    """All turns, the newest last."""
    if not talk.turns:
        return parts.empty(
            "Nothing asked yet",
            "Both models answer the same question side by side, so that you see what the training has changed.",
            "The first question loads the models, which takes a moment.",
        )
    return h('<div class="lf-talk" aria-live="off">{turns}</div>', turns=join(_turn(turn) for turn in talk.turns))


def _turn(turn: Turn) -> Markup:
    answers = join(_reply(model, reply) for model, reply in turn.replies.items())
    several = "lf-pair" if len(turn.replies) > 1 else "lf-single"
    return h(
        '<div class="lf-turn"><p class="lf-who">You</p>{question}</div><div class="{several}">{answers}</div>',
        question=parts.verbatim(turn.question),
        answers=answers,
        several=several,
    )


def _reply(model: str, reply: Reply) -> Markup:
    thinking = parts.folded("What it thought", parts.verbatim(reply.thinking)) if reply.thinking else Markup()
    said = parts.verbatim(reply.text) if reply.text else Markup()
    if reply.problem:
        said = parts.error(reply.problem)
    elif not reply.text and not reply.going_on:
        said = parts.note("It answered nothing.")
    kind = "base" if model == "base" else "tuned"
    return h(
        '<div class="lf-turn lf-turn-{kind}"><p class="lf-who">{who}</p>{thinking}{said}<p class="lf-speed">{below}</p>'
        "</div>",
        kind=kind,
        who=NAMES.get(model, model),
        thinking=thinking,
        said=said,
        below=below(reply),
    )


def below(reply: Reply) -> str:
    """What stands under an answer: its speed, or what it is doing."""
    if reply.going_on:
        return "answering" if reply.text or reply.thinking else "reading the question"
    if reply.stopped:
        return "stopped"
    return speed(reply.done) if reply.done is not None else ""


def speed(answer: Answer) -> str:
    """Length, rate and time of an answer."""
    said = [words.counted(answer.completion_tokens, "token")]
    if answer.tokens_per_second:
        said.append(f"{words.rounded(answer.tokens_per_second)} tokens/s")
    if answer.first_token_seconds is not None:
        said.append(f"first word after {words.rounded(answer.first_token_seconds, 2)} s")
    if answer.finish == "length":
        said.append("cut at the longest answer allowed")
    return " · ".join(said)
