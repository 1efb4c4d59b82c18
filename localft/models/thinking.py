"""Thinking aloud: what a model writes between <think> and </think> before its answer."""

OPEN = "<think>"
CLOSE = "</think>"


def split_thinking(text: str, opened: bool = True) -> tuple[str, str]:
    """Split what a model wrote into (answer, thinking); the newlines between the two belong to neither.

    `opened` says that the prompt itself may have ended with <think>, as some templates do: a closing tag without an
    opening one then ends the thinking. Texts that no model continued (examples in a file) are split with
    `opened=False`, so that a lone </think> in an answer stays where it is. Thinking that was never closed leaves
    an empty answer.
    """
    start = text.lstrip()
    if start.startswith(OPEN):
        thinking, closed, answer = start[len(OPEN) :].partition(CLOSE)
        return (answer.lstrip("\n") if closed else ""), thinking.strip("\n")
    if opened and CLOSE in text:
        thinking, _, answer = text.partition(CLOSE)
        return answer.lstrip("\n"), thinking.strip("\n")
    return text, ""


def join_thinking(answer: str, thinking: str) -> str:
    """The text of an assistant turn that thinks before it answers; the answer alone where there is no thinking."""
    return f"{OPEN}\n{thinking}\n{CLOSE}\n\n{answer}" if thinking else answer
