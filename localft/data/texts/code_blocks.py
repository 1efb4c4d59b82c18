"""Code fences in Markdown: what stands in them, whether they are closed, whether their code can be parsed.

Nothing is ever run. What is too long or nested too deeply is not judged: parsers of today take quadratic time for some
of it, or end the process.
"""

import ast
import json
import re
import textwrap
import tomllib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

from localft.data.texts.sql import check_sql

_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^\n`]*$", re.MULTILINE)
_LONGEST = 50_000
_DEEPEST = 60
# Chains of operators or of dotted names on one line nest as deeply as they are long.
_LONGEST_LINE = 2_000
# Sessions, shells and notebooks are shown as Python and are none.
_SESSION = re.compile(r"^\s*(?:>>>|\.\.\. |[!%$?]|In \[)", re.MULTILINE)
# What a newer Python than this one may accept: parameters of types, quotes within f-strings, errors without brackets.
_NEWER = re.compile(r"\b(?:def|class)\s+\w+\s*\[|^\s*type\s+\w+[^\n]*=|\b[tT]r?[\"']", re.MULTILINE)
_NEWER_FAULTS = ("f-string", "unterminated f-string", "multiple exception types")
# Where something is left out, outside of strings: no code, and not meant to be.
_LEFT_OUT = re.compile(r"\.\.\.|…")
# What a program fills in before it is read: Jinja, Helm, ERB.
_FILLED_IN = re.compile(r"\{\{|\{%|<%")
_QUOTED = re.compile(r'"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'')
_STRINGS = re.compile(
    r"""//[^\n]*|/\*.*?(?:\*/|\Z)|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`""", re.DOTALL
)
_IN_BRACES = (
    "c", "c++", "cpp", "cs", "csharp", "css", "dart", "go", "golang", "java", "javascript", "js", "jsx", "kotlin", "kt",
    "php", "rs", "rust", "scala", "swift", "ts", "tsx", "typescript",
)  # fmt: skip


@dataclass(frozen=True)
class CodeBlock:
    """The code between two fences, with the language that the first one names in lower case, "" where it names none.

    `closed` is false where the text ends before the second fence.
    """

    language: str
    code: str
    closed: bool


def code_blocks(text: str) -> list[CodeBlock]:
    """The fenced code of a text, in order. A fence is closed by one that names no language and is as long."""
    if "```" not in text and "~~~" not in text:
        return []
    blocks: list[CodeBlock] = []
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif not fence[2] and fence[1].startswith(opened[1]):
            blocks.append(CodeBlock(opened[2].lower(), text[opened.end() + 1 : fence.start()], closed=True))
            opened = None
    if opened is not None:
        blocks.append(CodeBlock(opened[2].lower(), text[opened.end() + 1 :], closed=False))
    return blocks


def closing_fence(text: str) -> str:
    """The text with its last fence closed."""
    opened = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence[1]
        elif not fence[2] and fence[1].startswith(opened):
            opened = None
    return text if opened is None else f"{text.rstrip()}\n{opened}"


def fault_of(language: str, code: str) -> str | None:
    """What keeps code of a known language from being parsed, in some words; None where nothing does, or unknown."""
    if not code.strip() or len(code) > _LONGEST or _depth(code) > _DEEPEST:
        return None
    parse = _PARSERS.get(language)
    # Half a pair of UTF-16 is no character, and concerns another check.
    code = code.encode("utf-8", "replace").decode()
    try:
        if parse is not None:
            parse(code)
        elif language in _IN_BRACES:
            _close_braces(code)
    except _TOO_MUCH:
        return None
    except (ValueError, SAXException) as error:
        return _in_words(error)
    return None


# Deep nesting that got through: what cannot be judged is no fault.
_TOO_MUCH = (RecursionError, MemoryError, OverflowError)


def _in_words(error: Exception) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    if isinstance(error, SAXException):
        return error.getMessage()
    return str(error)


def _depth(code: str) -> int:
    """How deeply brackets are nested, those in strings counted too."""
    depth = deepest = 0
    for character in re.findall(r"[\[({})\]]", code):
        depth = depth + 1 if character in "[({" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


def parse_strictly(text: str) -> Any:
    """Read JSON as other programs do: NaN and Infinity are none.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested too deeply.
    """
    # A long number is valid, though Python does not make one of it.
    return json.loads(text, parse_constant=refuse_constant, parse_int=str)


def refuse_constant(name: str) -> NoReturn:
    """What stands for a number that JSON does not have.

    Raises:
        ValueError: always.
    """
    raise ValueError(f"{name} is not allowed in JSON")


def _leaves_out(code: str) -> bool:
    return _LEFT_OUT.search(code) is not None and _LEFT_OUT.search(_QUOTED.sub("", code)) is not None


def _has_chains(code: str) -> bool:
    return any(len(line) > _LONGEST_LINE for line in code.splitlines())


def _json(code: str) -> None:
    if not _leaves_out(code):
        parse_strictly(code)


def _json_lines(code: str) -> None:
    for line in code.splitlines():
        if line.strip():
            parse_strictly(line)


def _python(code: str) -> None:
    if _SESSION.search(code) or _has_chains(code):
        return
    with warnings.catch_warnings():
        # Of invalid escapes in strings and the like: they are said to whoever runs the code.
        warnings.simplefilter("ignore")
        try:
            ast.parse(textwrap.dedent(code))
        except SyntaxError as error:
            if not _NEWER.search(code) and not (error.msg or "").startswith(_NEWER_FAULTS):
                raise ValueError(_in_words(error)) from error


def _toml(code: str) -> None:
    if not _leaves_out(code) and not _has_chains(code):
        tomllib.loads(code)


def _xml(code: str) -> None:
    text = code.strip()
    # A part of a document may have several roots.
    _parse_xml(text if text.startswith(("<?xml", "<!DOCTYPE")) else f"<part>{text}</part>")


def _yaml(code: str) -> None:
    if _FILLED_IN.search(code) or _leaves_out(code):
        return
    import yaml

    # Events only: nothing is built of them, so that aliases cannot grow.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    anchors: set[str] = set()
    try:
        for event in yaml.parse(code, Loader=loader):
            if isinstance(event, yaml.AliasEvent) and event.anchor not in anchors:
                raise ValueError(f"line {event.start_mark.line + 1}: *{event.anchor} stands for nothing")
            anchors.update(filter(None, [getattr(event, "anchor", None)]))
    except yaml.MarkedYAMLError as error:
        place = error.problem_mark or error.context_mark
        raise ValueError(f"line {place.line + 1 if place else 1}: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise ValueError(str(error).splitlines()[0]) from error


def is_document(text: str) -> bool:
    """Tell whether a text is XML with one root; what is too long to be looked at counts as such."""
    try:
        _parse_xml(text if len(text) <= _LONGEST else "<long/>")
    except SAXException:
        return False
    return True


def _parse_xml(text: str) -> None:
    from defusedxml.common import DefusedXmlException
    from defusedxml.sax import parseString

    try:
        parseString(text.encode("utf-8", "replace"), ContentHandler())
    except DefusedXmlException:
        # Entities of its own: well-formed so far as one may read it safely.
        return


def _close_braces(code: str) -> None:
    bare = _STRINGS.sub("", code)
    missing = bare.count("{") - bare.count("}")
    if missing > 0:
        raise ValueError(f"{missing} of its braces {'is' if missing == 1 else 'are'} not closed")


SQL = ("sql", "mysql", "postgres", "postgresql", "sqlite", "tsql")
"""What SQL is called at a fence. Its dialects are many: one that nobody here could read is not proved to be torn."""

_PARSERS: Mapping[str, Callable[[str], None]] = {
    "json": _json,
    "jsonl": _json_lines,
    "ndjson": _json_lines,
    "python": _python,
    "py": _python,
    "python3": _python,
    "toml": _toml,
    "yaml": _yaml,
    "yml": _yaml,
    **dict.fromkeys(SQL, check_sql),
    "xml": _xml,
    "svg": _xml,
}
