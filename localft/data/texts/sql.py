"""SQL in whatever dialect: doubtful where none of those that are known could read it, which proves nothing."""

import logging
import re

# sqlglot's names; "" is what most of them have in common. What the first ones read is not tried with the others.
_DIALECTS = (
    "",
    "postgres",
    "mysql",
    "tsql",
    "sqlite",
    "bigquery",
    "snowflake",
    "oracle",
    "duckdb",
    "spark",
    "clickhouse",
)
# What is longer takes too long, and could nest too deeply.
_LONGEST = 5_000
# Commands of clients, their prompts and tables of results; what only servers know; what stands for something else.
_OTHER = re.compile(
    r"^\s*(?:[\\.|+]|[\w\[\]().]*[=#]?> |go\s*$|/\s*$|delimiter\b|load\s+data\b|lock\s+tables\b|@\w"
    r"|(?:backup|restore)\s|(?:notify|listen|unlisten|checkpoint|vacuum|reindex|discard|dbcc|bulk\s+insert|waitfor|reconfigure|"
    r"shutdown|kill|purge|flashback|optimize|repair|handler|deallocate|print|raiserror|throw)\b)"
    r"|\b(?:select|from|where|having|and|or|on|set|by|values)\s*(?:--[^\n]*|/\*[^*]*\*/)\s*;?\s*\Z"
    r"|<\w[\w \-]*>|\{\{|\{%|\{\w+\}|\$\{|\.\.\.|…",
    re.IGNORECASE | re.MULTILINE,
)
# A part of a statement, as it is shown to say what to change in one.
_PARTS = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
    r"(?:and|or|where|from|on|using|(?:(?:left|right|full|inner|outer|cross|natural)\s+)*join|group|order|having|limit|"
    r"offset|union|intersect|except|case|when|then|else|end|values|partition|over|constraint|primary|foreign|check|"
    r"references|add|set\s+\w+\s*=\s*case|returning)\b",
    re.IGNORECASE | re.DOTALL,
)


def check_sql(code: str) -> None:
    """Read statements of SQL.

    Raises:
        ValueError: no dialect has such statements.
        RecursionError: they are nested too deeply.
    """
    if len(code) > _LONGEST or _OTHER.search(code) or _PARTS.match(code):
        return
    from sqlglot import parse
    from sqlglot.errors import SqlglotError

    # What it knows too little of it reads as a command, and says so to the log.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    first = ""
    for dialect in _DIALECTS:
        try:
            parse(code, read=dialect or None)
        except SqlglotError as error:
            first = first or _in_words(error)
        else:
            return
    raise ValueError(first)


def _in_words(error: Exception) -> str:
    details = getattr(error, "errors", None)
    if details and details[0].get("line"):
        near = str(details[0].get("highlight") or "").strip()
        return f"line {details[0]['line']}: it cannot be read{f' at {near}' if near else ''}"
    return "a quoted text or a comment is not closed"
