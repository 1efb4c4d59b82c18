"""Is the data worth training on? Counts, lengths in the model's own tokens, findings, and a verdict in one sentence."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Literal

from localft.data.checks import (
    amount,
    answers,
    balance,
    boilerplate,
    changing_knowledge,
    code,
    contradictions,
    coverage,
    edge_cases,
    encoding_damage,
    field_balance,
    fields,
    forms,
    languages,
    leakage,
    lengths,
    near_duplicates,
    plain_text,
    privacy,
    rated,
    repetition,
    system_prompts,
    template,
    tool_calls,
    turns,
    unfinished,
    variety,
)
from localft.data.checks.finding import CheckContext, Finding, Row
from localft.data.checks.looking import Check, Whole
from localft.data.checks.stored_rows import StoredRows
from localft.data.checks.token_lengths import TokenLengths, measure
from localft.data.row_ratings import rated_bad
from localft.data.splits.asking import Asked
from localft.data.splits.golden import has_golden, read_golden
from localft.data.versions import SPLITS, DatasetVersion, Split, is_many, open_split, open_version
from localft.data.working import Tell, look_at_all, quiet
from localft.errors import UserError
from localft.models.base_model import BaseModel
from localft.models.chat_format import ChatFormat
from localft.store.projects import Project

Verdict = Literal["ready", "fix", "not fine-tuning"]

# What is found of equal weight is listed in this order.
_CHECKS: tuple[Callable[[], Check], ...] = (
    amount.Amount,
    plain_text.PlainText,
    contradictions.Contradictions,
    leakage.Leakage,
    near_duplicates.NearDuplicates,
    answers.Answers,
    forms.Forms,
    fields.Fields,
    code.InvalidCode,
    code.DoubtfulSql,
    code.OpenFences,
    balance.Balance,
    field_balance.FieldBalance,
    boilerplate.Boilerplate,
    encoding_damage.EncodingDamage,
    privacy.Privacy,
    partial(Whole, template.check),
    template.Marks,
    template.Thinking,
    turns.Turns,
    tool_calls.ToolCalls,
    system_prompts.SystemPrompts,
    unfinished.Unfinished,
    repetition.Circles,
    repetition.Beginnings,
    variety.Phrases,
    variety.Topics,
    partial(Whole, coverage.check),
    languages.Languages,
    partial(Whole, rated.check),
    edge_cases.EdgeCases,
    changing_knowledge.ChangingKnowledge,
    partial(Whole, lengths.check),
)
# The tokens at which training cuts examples unless told.
DEFAULT_LENGTH = 1024
_SEVERITIES = ("problem", "warning", "note")


@dataclass(frozen=True)
class CheckReport:
    """The verdict with its sentence, the findings (worst first), examples a split, lengths where a model was given."""

    verdict: Verdict
    sentence: str
    findings: list[Finding]
    counts: dict[Split, int]
    lengths: TokenLengths | None


def report_value(report: CheckReport) -> dict[str, Any]:
    """A report for a program: with the first examples of each finding, as a person sees them."""
    value = asdict(report)
    for finding in value["findings"]:
        # Bits, which only the table of examples reads.
        del finding["places"]
    return value


def check_version(
    project: Project,
    version: DatasetVersion | str,
    base_model: BaseModel | None = None,
    chat_format: ChatFormat | None = None,
    max_length: int = DEFAULT_LENGTH,
    tell: Tell = quiet,
) -> CheckReport:
    """Check all splits of a dataset version.

    Lengths are measured where `base_model` is given and downloaded; without a `chat_format` it is the model's default.
    What is done is told on the way. Many examples are not held in memory.

    Raises:
        UserError: there is no such version, or it is damaged.
    """
    record = open_version(project, version) if isinstance(version, str) else version
    context = _with_golden(project, CheckContext(read_rows(project, record), record))
    seen = look_at_all(_Everything, context.rows, tell, "Checking the examples")
    measured = measure(context.rows, base_model, chat_format, max_length, tell) if base_model is not None else None
    context = replace(context, lengths=measured, known_asked=seen.asked, tell=tell)
    findings: list[Finding] = []
    while seen.checks:
        # Some keep a lot, which is not needed afterwards.
        check = seen.checks.pop(0)
        tell("Comparing the examples", len(_CHECKS) - len(seen.checks), len(_CHECKS), "checks")
        findings += check.findings(context)
    findings.sort(key=lambda finding: (_SEVERITIES.index(finding.severity), -finding.count))
    verdict, sentence = judge(findings, record.total)
    return CheckReport(verdict, sentence, findings, record.counts, measured)


class _Everything:
    """Looks at rows with all checks, and at what they ask."""

    def __init__(self) -> None:
        self.checks = [make() for make in _CHECKS]
        self.asked = Asked()

    def look(self, row: Row) -> None:
        """Let each look at a row."""
        self.asked.look(row.example)
        for check in self.checks:
            if not (row.example.plain and check.needs_answers):
                check.look(row)

    def join(self, later: "_Everything") -> None:
        """Join each with what it has seen in later rows."""
        self.asked.join(later.asked)
        for check, other in zip(self.checks, later.checks, strict=True):
            check.join(other)


def read_rows(project: Project, version: DatasetVersion) -> Sequence[Row]:
    """All examples of a version as rows, in memory unless they are many.

    Raises:
        UserError: the version is damaged.
    """
    stored = {split: open_split(project, version.id, split) for split in SPLITS}
    rows = StoredRows({split: (0, examples) for split, examples in stored.items()})
    return rows if is_many(project, version.id) else list(rows)


def read_context(project: Project, version: DatasetVersion) -> CheckContext:
    """All examples of a version and the project's golden questions, for repairs; many are read when they are needed.

    Raises:
        UserError: the version is damaged.
    """
    return _with_golden(project, CheckContext(read_rows(project, version), version))


def _with_golden(project: Project, context: CheckContext) -> CheckContext:
    """With what people have said: golden questions, and which examples are bad."""
    context = replace(context, rated_bad=rated_bad(project))
    if not has_golden(project):
        return context
    try:
        return replace(context, golden=read_golden(project))
    except UserError as error:
        # Said as a finding: the examples are worth a look all the same.
        return replace(context, golden_fault=error)


def judge(findings: list[Finding], total: int) -> tuple[Verdict, str]:
    """The verdict and its sentence: what hinders, named, the worst three first."""
    hindering = [finding for finding in findings if finding.severity == "problem"]
    worth = [finding for finding in findings if finding.severity == "warning"]
    wrong_tool = next((finding for finding in hindering if finding.check == changing_knowledge.NAME), None)
    if wrong_tool is not None:
        return "not fine-tuning", wrong_tool.meaning
    if hindering:
        first = "; ".join(finding.meaning.rstrip(".") for finding in hindering[:3])
        return "fix", f"Mend this first: {first}."
    looks = f"{len(worth)} finding{'s' if len(worth) != 1 else ''} worth a look" if worth else "nothing to mend"
    if total < amount.FEWEST:
        return (
            "ready",
            f"{total} examples, {looks}. Enough for a try only: collect {amount.FEWEST} and more to rely on it.",
        )
    return "ready", f"{total} examples, {looks}. Ready to train."
