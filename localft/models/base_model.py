"""What is known of a base model before and after its download."""

from typing import Any, Literal

from localft.store.records import Record

STARTER = "starter"


class BaseModel(Record):
    """A base model: on the hub (`reference` is owner/name, `revision` a commit), in a local folder, or bundled.

    `config` is its config.json, with the numbers that it leaves to the defaults of its type; `parameters` counts
    weights, `weight_bytes` sums its safetensors files; `files` maps each required file to its bytes.
    """

    reference: str
    origin: Literal["hub", "folder", "bundled"]
    revision: str | None = None
    folder: str | None = None
    architecture: str
    parameters: int
    weight_bytes: int
    context_length: int
    files: dict[str, int]
    licence: str | None = None
    gated: bool = False
    has_chat_template: bool = True
    config: dict[str, Any] = {}

    @property
    def is_described_only(self) -> bool:
        """Whether it is known from localft's own table: enough for an estimate, and nothing to load."""
        return self.origin == "hub" and not self.files

    @property
    def name(self) -> str:
        """The last part of the reference, for a label."""
        return self.reference.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
