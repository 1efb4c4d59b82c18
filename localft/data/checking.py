"""Is the data worth training on? Counts, lengths in the model's own tokens, findings, and a verdict in one sentence."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from localft.data.checks import (
    amount,
    answers,
    balance,
    boilerplate,
    changing_knowledge,
    code,
    contradictions,
    edge_cases,
    encoding_damage,
    leakage,
    lengths,
    near_duplicates,
    privacy,
    repetition,
    system_prompts,
    template,
    turns,
    unfinished,
)
from localft.data.checks.finding import CheckContext, Finding, Row
from localft.data.checks.looking import Check, Whole
from localft.data.golden import read_golden
from localft.data.token_lengths import TokenLengths, measure
from localft.data.versions import SPLITS, DatasetVersion, Split, load_split, open_version
from localft.errors import UserError
from localft.models.base_model import BaseModel
from localft.models.chat_format import ChatFormat
from localft.store.projects import Project

Verdict = Literal["ready", "fix", "not fine-tuning"]

# What is found of equal weight is listed in this order.
_CHECKS: tuple[Callable[[], Check], ...] = (
    amount.Amount,
    partial(Whole, contradictions.check),
    partial(Whole, leakage.check),
    partial(Whole, near_duplicates.check),
    answers.Answers,
    code.InvalidCode,
    code.OpenFences,
    balance.Balance,
    *(partial(boilerplate.Boilerplate, kind) for kind in boilerplate.KINDS),
    encoding_damage.EncodingDamage,
    *(partial(privacy.Privacy, kind) for kind in privacy.KINDS),
    partial(Whole, template.check),
    template.Marks,
    template.Thinking,
    turns.Turns,
    system_prompts.SystemPrompts,
    unfinished.Unfinished,
    repetition.Circles,
    repetition.Beginnings,
    edge_cases.EdgeCases,
    changing_knowledge.ChangingKnowledge,
    partial(Whole, lengths.check),
)
_SEVERITIES = ("problem", "warning", "note")


@dataclass(frozen=True)
class CheckReport:
    """The verdict with its sentence, the findings (worst first), examples a split, lengths where a model was given."""

    verdict: Verdict
    sentence: str
    findings: list[Finding]
    counts: dict[Split, int]
    lengths: TokenLengths | None


def check_version(
    project: Project,
    version: DatasetVersion | str,
    base_model: BaseModel | None = None,
    chat_format: ChatFormat | None = None,
    max_length: int = 1024,
) -> CheckReport:
    """Check all splits of a dataset version.

    Lengths are measured where `base_model` is given and downloaded; without a `chat_format` it is the model's default.

    Raises:
        UserError: there is no such version, or it is damaged.
    """
    record = open_version(project, version) if isinstance(version, str) else version
    context = read_context(project, record)
    measured = measure(context.rows, base_model, chat_format, max_length) if base_model is not None else None
    context = replace(context, lengths=measured)
    checks = [make() for make in _CHECKS]
    for row in context.rows:
        for check in checks:
            check.look(row)
    findings = [finding for check in checks for finding in check.findings(context)]
    findings.sort(key=lambda finding: (_SEVERITIES.index(finding.severity), -finding.count))
    verdict, sentence = judge(findings, record.total)
    return CheckReport(verdict, sentence, findings, record.counts, measured)


def read_context(project: Project, version: DatasetVersion) -> CheckContext:
    """All examples of a version and the project's golden questions, for checks and repairs.

    Raises:
        UserError: the version is damaged.
    """
    rows = [
        Row(split, index, example)
        for split in SPLITS
        for index, example in enumerate(load_split(project, version.id, split))
    ]
    context = CheckContext(rows, version)
    if not project.golden.exists():
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
    return "ready", f"{total} examples, {looks}. Ready to train."
