"""Settings declared once: the form, the command line, the JSON file and the messages come from one pydantic model."""

import difflib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

import annotated_types
import pydantic

from localft.errors import UserError


class Settings(pydantic.BaseModel):
    """Base of every group of settings. Each field carries a description, a default and, where it has one, a range."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


S = TypeVar("S", bound=Settings)
# What is not spelled as it stands in a name.
_SPELLED = {"kwh": "kWh", "url": "URL", "gguf": "GGUF"}


@dataclass(frozen=True)
class Field:
    """One setting as a form or a command line needs it."""

    name: str
    kind: type
    optional: bool
    default: Any
    description: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    minimum_excluded: bool = False

    @property
    def label(self) -> str:
        first, *others = (_SPELLED.get(word, word) for word in self.name.split("_"))
        return " ".join((first[0].upper() + first[1:], *others))

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


def fields(settings: type[Settings]) -> list[Field]:
    """List the settings of a group, in the order in which they are declared."""
    return [_field(name, info) for name, info in settings.model_fields.items()]


def _field(name: str, info: pydantic.fields.FieldInfo) -> Field:
    kind, optional, choices = _kind(info.annotation)
    minimum: float | None = None
    maximum: float | None = None
    excluded = False
    for rule in info.metadata:
        if isinstance(rule, annotated_types.Ge | annotated_types.Gt):
            minimum = float(str(rule.ge if isinstance(rule, annotated_types.Ge) else rule.gt))
            excluded = isinstance(rule, annotated_types.Gt)
        if isinstance(rule, annotated_types.Le | annotated_types.Lt):
            maximum = float(str(rule.le if isinstance(rule, annotated_types.Le) else rule.lt))
    return Field(
        name,
        kind,
        optional,
        info.get_default(call_default_factory=True),
        info.description or "",
        choices,
        minimum,
        maximum,
        excluded,
    )


def _kind(annotation: Any) -> tuple[type, bool, tuple[str, ...]]:
    """Reduce an annotation to (plain type, may be None, choices)."""
    optional = False
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        members = [member for member in typing.get_args(annotation) if member is not type(None)]
        optional = len(members) < len(typing.get_args(annotation))
        annotation = members[0]
    if typing.get_origin(annotation) is typing.Literal:
        return str, optional, tuple(str(choice) for choice in typing.get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return str, optional, tuple(str(member.value) for member in annotation)
    return (annotation if isinstance(annotation, type) else str), optional, ()


def parse(settings: type[S], values: Mapping[str, Any], source: str = "the settings") -> S:
    """Build a group of settings, reporting all problems together.

    Raises:
        UserError: unknown names (with the nearest right one), wrong types, values out of range.
    """
    problems = []
    known = list(settings.model_fields)
    for name in values:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            problems.append(f"{name} is unknown" + (f", did you mean {near[0]}?" if near else ""))
    try:
        parsed = settings.model_validate({name: value for name, value in values.items() if name in known})
    except pydantic.ValidationError as error:
        for problem in error.errors():
            where = ".".join(str(part) for part in problem["loc"])
            problems.append(f"{where}: {problem['msg']}" if where else problem["msg"])
        parsed = None
    if problems or parsed is None:
        listing = "; ".join(problem.removesuffix(".") for problem in problems)
        raise UserError(f"Something is wrong in {source}: {listing}.", "Correct it and try again; nothing was started.")
    return parsed
