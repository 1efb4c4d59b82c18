"""Code in answers: what cannot be parsed, and fences that are opened and never closed."""

from collections.abc import Iterator
from dataclasses import replace

from localft.data.checks.answers import looks_like_json
from localft.data.checks.finding import CheckContext, Finding, Row, counted, percent
from localft.data.checks.looking import RowCheck
from localft.data.examples import Message
from localft.data.texts.code_blocks import SQL, CodeBlock, closing_fence, code_blocks, fault_of

TORN, DOUBTFUL, OPEN = "invalid code", "doubtful SQL", "open code fences"
_MANY = 0.05
_NAMES = {
    "json": "JSON", "jsonl": "JSON lines", "py": "Python", "python3": "Python", "xml": "XML", "toml": "TOML",
    "yaml": "YAML", "yml": "YAML", "sql": "SQL",
    "mysql": "SQL", "postgres": "SQL", "postgresql": "SQL", "sqlite": "SQL", "tsql": "SQL",
}  # fmt: skip


class InvalidCode(RowCheck):
    """Finds answers with a code block that is not what it says it is."""

    needs_answers = True

    def seen(self, row: Row) -> str | None:
        """What is wrong with the first such block."""
        return next(_faults(row, in_sql=False), None)

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where there are such answers."""
        found = self.found
        if not found.count:
            return []
        who = counted(found.count, "answer has", "answers have")
        meaning = f"{who} code that no program could read ({percent(found.count, self.total)})."
        severity = "problem" if found.count >= _MANY * self.total else "warning"
        advice = "Correct it, or name another language at its fence: the model learns the faults along with the code."
        return [Finding(TORN, severity, found.count, meaning, found.rows, advice, found.places)]


class DoubtfulSql(RowCheck):
    """Finds answers with SQL that no dialect that is known here could read."""

    needs_answers = True

    def seen(self, row: Row) -> str | None:
        """What could not be read of the first such block."""
        return next(_faults(row, in_sql=True), None)

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where there are such answers; a person has to look, as databases know more than is known of them here."""
        found = self.found
        if not found.count:
            return []
        meaning = f"{counted(found.count, 'answer has', 'answers have')} SQL that could not be read here."
        advice = "Look at it: it may be torn, or be right in the dialect of its database."
        return [Finding(DOUBTFUL, "warning", found.count, meaning, found.rows, advice, found.places)]


class OpenFences(RowCheck):
    """Finds answers that end within a code block."""

    needs_answers = True

    def seen(self, row: Row) -> str | None:
        """How such an answer ends."""
        ends = (answer.content.rstrip()[-120:] for answer in _answers(row) if _open_block(answer) is not None)
        return next((f"…{end}" for end in ends), None)

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where there are such answers."""
        found = self.found
        if not found.count:
            return []
        meaning = f"{counted(found.count, 'answer opens', 'answers open')} a code fence (```) and never closes it."
        advice = "Close it; where the code is cut off, complete it or delete the example."
        return [Finding(OPEN, "warning", found.count, meaning, found.rows, advice, found.places)]


def close_fences(position: int, row: Row) -> Row | None:
    """Such fences are closed; rows whose code is cut off go."""
    messages = row.example.messages
    if all(_open_block(message) is None for message in _answers(row)):
        return row
    changed = []
    for message in messages:
        block = _open_block(message) if message.role == "assistant" else None
        if block is not None and _is_cut_off(block):
            return None
        content = message.content if block is None else closing_fence(message.content)
        changed.append(message.model_copy(update={"content": content}))
    return replace(row, example=row.example.model_copy(update={"messages": tuple(changed)}))


def _is_cut_off(block: CodeBlock) -> bool:
    is_torn = block.language not in SQL and fault_of(block.language, block.code)
    return not block.code.strip() or bool(is_torn)


def _faults(row: Row, in_sql: bool) -> Iterator[str]:
    """What is wrong with closed blocks of code, in SQL or in what is no SQL."""
    for answer in _answers(row):
        # Of an answer that is JSON as a whole another check tells.
        for block in [] if looks_like_json(answer.content) else code_blocks(answer.content):
            fault = fault_of(block.language, block.code) if block.closed and (block.language in SQL) == in_sql else None
            if fault:
                yield f"{_NAMES.get(block.language, block.language)}, {fault}: {block.code.strip()}"


def _answers(row: Row) -> list[Message]:
    # A text that is cut into pieces is not closed at their ends.
    return [] if row.example.plain else [one for one in row.example.messages if one.role == "assistant"]


def _open_block(message: Message) -> CodeBlock | None:
    """The block that a message ends in, None where there is none."""
    blocks = code_blocks(message.content)
    return blocks[-1] if blocks and not blocks[-1].closed else None
