"""HTML to Markdown, for web pages and for what other formats become on their way."""

import sys
from typing import Any

from localft.data.readers.parsers.child import Refused

# What a page has beside its text.
_BESIDE = [
    "script", "style", "noscript", "template", "nav", "aside", "footer", "form", "button", "iframe", "object", "embed",
    "svg", "canvas", "audio", "video", "img", "picture", "map", "head", "dialog", "select", "input", "textarea",
]  # fmt: skip
_BESIDE_ROLES = {"navigation", "banner", "contentinfo", "search", "complementary", "dialog", "alert"}
_DEEPEST = 20_000


def tree_of(content: str) -> Any:
    """The tree of a page.

    Raises:
        Refused: it is nested too deeply.
    """
    import bs4

    # Frames of Python take no stack of C, so this is safe; a page nested deeper is no page that a person wrote.
    sys.setrecursionlimit(_DEEPEST)
    return bs4.BeautifulSoup(content, "lxml")


def title_of(tree: Any) -> str:
    """What a page calls itself: its title, else its first heading of the first level."""
    for name in ("title", "h1"):
        found = tree.find(name)
        if found is not None and found.get_text(strip=True):
            return " ".join(found.get_text(" ").split())
    return ""


def to_markdown(tree: Any) -> str:
    """The text of a page as Markdown with its headings, lists and tables; links keep their words only.

    Raises:
        Refused: it is nested too deeply.
    """
    import markdownify

    root = tree.find("main") or _only_article(tree) or tree.find("body") or tree
    for beside in root.find_all(_BESIDE):
        beside.decompose()
    for tag in root.find_all(_is_beside):
        if not tag.decomposed:
            tag.decompose()
    converter = markdownify.MarkdownConverter(
        heading_style="ATX",
        bullets="-",
        strip=["a"],
        table_infer_header=True,
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
        code_language_callback=_language,
    )
    try:
        text: str = converter.convert_soup(root)
    except RecursionError as error:
        raise Refused("is nested too deeply") from error
    return _tidy(text)


def _only_article(tree: Any) -> Any:
    articles = tree.find_all("article", limit=2)
    return articles[0] if len(articles) == 1 else None


def _is_beside(tag: Any) -> bool:
    if tag.has_attr("hidden") or tag.get("aria-hidden") == "true" or tag.get("role") in _BESIDE_ROLES:
        return True
    style = str(tag.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or "visibility:hidden" in style


def _language(tag: Any) -> str:
    inner = tag.find("code") or tag
    names = [*(tag.get("class") or []), *(inner.get("class") or [])]
    return next((name.removeprefix("language-") for name in names if name.startswith("language-")), "")


def _tidy(text: str) -> str:
    """Without blanks at line ends, and with one empty line between paragraphs."""
    kept: list[str] = []
    for line in text.replace("\xa0", " ").split("\n"):
        if line.strip() or (kept and kept[-1]):
            kept.append(line.rstrip())
    return "\n".join(kept).strip()
