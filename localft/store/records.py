"""Records: frozen, versioned pydantic models, each one JSON file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Self

import pydantic

from localft.errors import UserError
from localft.store import files

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]


class Record(pydantic.BaseModel):
    """A record on disk.

    A subclass raises `VERSION` when its shape changes and names, in `UPGRADES`, the function that lifts the version
    before. A file of a newer localft is refused, never rewritten.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), ser_json_inf_nan="strings")

    VERSION: ClassVar[int] = 1
    UPGRADES: ClassVar[dict[int, Upgrade]] = {}

    schema_version: int = 1

    def model_post_init(self, context: Any) -> None:
        object.__setattr__(self, "schema_version", type(self).VERSION)

    def save(self, path: Path) -> None:
        """Write the record atomically."""
        files.write_text(path, self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a record, lifting older versions.

        Raises:
            UserError: missing, damaged, not of this shape, or written by a newer localft.
        """
        value = files.read_json(path)
        version = value.get("schema_version") if isinstance(value, dict) else None
        if not isinstance(version, int) or version < 1:
            raise UserError(
                f"The file {path} is damaged: it has no schema version.", "Restore it from a backup, or delete it."
            )
        if version > cls.VERSION:
            raise UserError(f"The file {path} was written by a newer localft.", "Update localft to open it.")
        for step in range(version, cls.VERSION):
            value = cls.UPGRADES[step](value)
        try:
            return cls.model_validate({**value, "schema_version": cls.VERSION})
        except pydantic.ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(str(part) for part in problem["loc"])
            raise UserError(
                f"The file {path} is damaged: {where}: {problem['msg']}.", "Restore it from a backup, or delete it."
            ) from error
