"""What is to be fetched of a dataset, where it comes to lie, and where it came from."""

import json
from collections.abc import Sequence
from pathlib import Path

import pydantic

from localft.data.versions import SourceFile

# In the metadata of a fetched file.
ORIGIN_KEY = b"localft_origin"
ENDING = ".parquet"


class FetchOrder(pydantic.BaseModel):
    """One split of a dataset at one commit; `rows` of it from the start, 0 for all."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    reference: str
    revision: str
    config: str
    split: str
    files: tuple[tuple[str, int], ...]
    rows: int = 0

    @property
    def bytes(self) -> int:
        """The size of its files on the hub."""
        return sum(size for _, size in self.files)

    @property
    def name(self) -> str:
        """A name for files and folders."""
        parts = (self.reference.replace("/", "--"), self.config, self.split)
        plain = ("".join(one if one.isalnum() or one in "-_." else "_" for one in part) for part in parts)
        return "-".join(part[:60] for part in plain)

    @property
    def origin(self) -> dict[str, str]:
        """What a version keeps about where its rows came from: enough to fetch them again."""
        rows = {"rows": str(self.rows)} if self.rows else {}
        return {
            "dataset": self.reference,
            "revision": self.revision,
            "config": self.config,
            "split": self.split,
            **rows,
        }


def with_origins(sources: Sequence[SourceFile], paths: Sequence[Path | str]) -> list[SourceFile]:
    """The sources of an import, those with their origin that were fetched from the hub."""
    parquet = [Path(path) for path in paths if str(path).endswith(ENDING)]
    origins = {path.name: _origin(path) for path in parquet} if parquet else {}
    return [
        source.model_copy(update={"origin": origins[source.name]}) if origins.get(source.name) else source
        for source in sources
    ]


def _origin(path: Path) -> dict[str, str]:
    """What `localft.data.hub.rows_file` has written into a file; nothing in those of others."""
    import pyarrow
    import pyarrow.parquet

    try:
        said = (pyarrow.parquet.read_schema(path).metadata or {}).get(ORIGIN_KEY, b"{}")
        return {str(key): str(value) for key, value in json.loads(said).items()}
    except (pyarrow.ArrowException, OSError, ValueError, AttributeError):
        return {}
