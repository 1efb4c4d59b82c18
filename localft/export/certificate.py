"""The certificate of an export: what was checked on the exported file, with which result, by which versions."""

from typing import Literal

import pydantic

from localft.store.records import Record

Outcome = Literal["passed", "failed", "not checked"]


class Check(pydantic.BaseModel):
    """One check. A `required` one that fails makes the export fail; one "not checked" says why in `detail`."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    name: str
    outcome: Outcome
    detail: str
    required: bool = True
    figures: dict[str, float] = {}


class CertifiedFile(pydantic.BaseModel):
    """A file as it was when it was checked."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    name: str
    bytes: int
    sha256: str


class Certificate(Record):
    """certificate.json: the proof that a file is the trained model, as far as each check reaches."""

    created_at: str
    checks: tuple[Check, ...]
    files: tuple[CertifiedFile, ...]
    versions: dict[str, str]

    @property
    def proved(self) -> bool:
        """Tell whether no required check failed."""
        return not self.failures

    @property
    def failures(self) -> list[Check]:
        """The required checks that failed."""
        return [check for check in self.checks if check.required and check.outcome == "failed"]

    @property
    def sentence(self) -> str:
        """The certificate in one sentence."""
        passed = sum(check.outcome == "passed" for check in self.checks)
        skipped = sum(check.outcome == "not checked" for check in self.checks)
        if self.failures:
            return f"Not proved: {self.failures[0].name!r} failed. {self.failures[0].detail}"
        rest = f", {skipped} could not be made here" if skipped else ""
        return f"{passed} check{'s' if passed != 1 else ''} passed{rest}."
