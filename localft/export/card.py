"""The README.md beside an export: what the model is, what it was made of, how well it does, what was proved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from localft.data.versions import DatasetVersion
from localft.export.certificate import Certificate
from localft.models.base_model import STARTER, BaseModel
from localft.planning.recipe import Recipe

_UNKNOWN = "not stated; look at the base model's page before you pass this one on"


@dataclass(frozen=True)
class Facts:
    """What a model card tells. `verdict` is the evaluation's sentence, `scores` the lines of its table."""

    name: str
    base_model: BaseModel
    recipe: Recipe
    dataset: DatasetVersion | None
    files: Sequence[tuple[str, int]]
    usage: Sequence[str]
    certificate: Certificate | None = None
    verdict: str = ""
    scores: Sequence[tuple[str, float, float]] = ()


def write_card(facts: Facts) -> str:
    """The text of a model card in the form that the Hugging Face hub reads, front matter first."""
    base = facts.base_model
    parts = [
        _front_matter(base),
        f"# {_plain(facts.name)}",
        f"{_plain(base_name(base))}, fine-tuned with localft on examples of one task.",
        _table("Made of", _made_of(facts)),
        _table("Recipe", _recipe(facts.recipe)),
        _evaluation(facts),
        _table("Files", {name: f"{size / 1e6:,.1f} MB" for name, size in facts.files}),
        _certificate(facts.certificate),
        "## Use\n\n" + "\n".join(f"    {line}" for line in facts.usage) if facts.usage else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def base_name(base: BaseModel) -> str:
    """How the base model is called in public: a local folder's path would tell of this computer."""
    return (
        base.reference
        if base.origin == "hub"
        else f"localft's {STARTER} model"
        if base.origin == "bundled"
        else base.name
    )


def _front_matter(base: BaseModel) -> str:
    lines = ["---", "library_name: transformers", "tags: [localft, fine-tuned]"]
    if base.origin == "hub":
        lines.append(f"base_model: {base.reference}")
    if base.licence:
        lines.append(
            f"license: {base.licence}" if base.licence.replace("-", "").replace(".", "").isalnum() else "license: other"
        )
    return "\n".join([*lines, "---"])


def _made_of(facts: Facts) -> dict[str, str]:
    base, dataset = facts.base_model, facts.dataset
    rows = {
        "Base model": base_name(base),
        "Revision": base.revision or "",
        "Licence": base.licence or _UNKNOWN,
        "Weights": f"{base.parameters / 1e6:,.1f} million",
    }
    if dataset is not None:
        counts = ", ".join(f"{count} {split}" for split, count in dataset.counts.items())
        rows |= {"Examples": f"{dataset.total} ({counts})", "SHA-256 of the examples": dataset.sha256}
    return rows


def _recipe(recipe: Recipe) -> dict[str, str]:
    return {
        name.replace("_", " "): str(value) for name, value in recipe.settings.model_dump().items() if value is not None
    }


def _evaluation(facts: Facts) -> str:
    if not facts.verdict and not facts.scores:
        return "## Evaluation\n\nNot evaluated yet."
    rows = [f"| {_cell(name)} | {base:.4g} | {tuned:.4g} |" for name, base, tuned in facts.scores]
    table = "\n".join(["| measure | base model | tuned model |", "|---|---|---|", *rows]) if rows else ""
    return "\n\n".join(part for part in ("## Evaluation", _plain(facts.verdict), table) if part)


def _certificate(certificate: Certificate | None) -> str:
    if certificate is None:
        return ""
    rows = [f"| {_cell(check.name)} | {check.outcome} | {_cell(check.detail)} |" for check in certificate.checks]
    table = "\n".join(["| check | outcome | detail |", "|---|---|---|", *rows])
    return f"## Certificate\n\n{certificate.sentence}\n\n{table}"


def _table(title: str, rows: Mapping[str, str]) -> str:
    lines = [f"| {_cell(name)} | {_cell(value)} |" for name, value in rows.items() if value]
    return "\n".join([f"## {title}", "", "| | |", "|---|---|", *lines]) if lines else ""


def _cell(text: str) -> str:
    """Text as Markdown shows it unchanged, on one line: tokens such as <s> would be taken for HTML."""
    return _plain(text).replace("|", "\\|")


def _plain(text: str) -> str:
    return " ".join(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").split())
