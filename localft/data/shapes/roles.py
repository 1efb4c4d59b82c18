"""Who says a turn, in the words of datasets and of chat templates."""

from localft.data.examples import Role

_WORDS: dict[Role, tuple[str, ...]] = {
    "system": ("system", "developer"),
    "user": ("user", "human"),
    "assistant": ("assistant", "ai", "gpt", "chatgpt", "bot", "model"),
    "tool": ("tool", "function", "observation", "ipython"),
}
_ROLES = {word: role for role, words in _WORDS.items() for word in words}


def role_of(word: str) -> Role | None:
    """The role that a word stands for in whatever case, None for a word that is not known."""
    return _ROLES.get(word.strip().lower())
