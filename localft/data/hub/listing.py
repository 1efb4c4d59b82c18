"""A dataset on the hub: its configurations and splits with their sizes, read from the names of its Parquet files."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from localft import words
from localft.errors import UserError
from localft.models.hub_access import TIMEOUT_SECONDS, explained

PREFIX = "hub:"
# The branch on which the hub itself keeps datasets of other forms as Parquet.
CONVERTED = "refs/convert/parquet"
DEFAULT = "default"
_PAGE = "https://huggingface.co/datasets/"
_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")
_CONVERTED_FILE = re.compile(r"(?P<config>[^/]+)/(?P<partial>partial-)?(?P<split>[^/]+)/\d+\.parquet")
# "data/train-00000-of-00005-1a2b.parquet", "en/test.parquet"; what stands before the split is the configuration.
_SHARD = re.compile(r"(?P<split>[^/]+?)(?:-\d+-of-\d+)?(?:-[0-9a-f]{8,})?\.parquet")


@dataclass(frozen=True)
class Part:
    """One split of one configuration: its Parquet files with their bytes, in their order.

    `is_partial`: the hub has converted its first 5 GB only.
    """

    config: str
    split: str
    files: tuple[tuple[str, int], ...]
    is_partial: bool = False

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.files)

    @property
    def described(self) -> str:
        """Configuration, split and size in words."""
        partial = ", its first 5 GB" if self.is_partial else ""
        return f"{self.config} / {self.split} ({words.size(self.bytes)}{partial})"


@dataclass(frozen=True)
class HubDataset:
    """A dataset at one commit. `reference` is its present name, whatever it was asked for by."""

    reference: str
    revision: str
    parts: tuple[Part, ...]
    gated: bool
    licence: str | None
    is_converted: bool
    asked_for: str

    @property
    def notes(self) -> list[str]:
        """What people should know about it."""
        notes = []
        if self.reference != self.asked_for:
            notes.append(f"{self.asked_for} is called {self.reference} now.")
        if self.is_converted:
            notes.append("Its rows are taken from the hub's own conversion to Parquet.")
        notes.append(f"Licence: {self.licence or 'not said; ask its owner before you use it'}.")
        return notes

    def part(self, config: str | None = None, split: str | None = None) -> Part:
        """The part that is meant; without names the only one, or the usual one (default, train).

        Raises:
            UserError: there is no such part, or several and none is usual.
        """
        chosen = _chosen("configuration", "--config", config, [part.config for part in self.parts], DEFAULT)
        parts = [part for part in self.parts if part.config == chosen]
        wanted = _chosen("split", "--split", split, [part.split for part in parts], "train")
        return next(part for part in parts if part.split == wanted)


def _chosen(what: str, option: str, wanted: str | None, there: list[str], usual: str) -> str:
    names = list(dict.fromkeys(there))
    listed = ", ".join(names[:20]) + (f" and {len(names) - 20:,} more" if len(names) > 20 else "")
    if wanted is not None and wanted not in names:
        raise UserError(f"The dataset has no {what} {wanted!r}.", f"It has: {listed}.")
    if wanted is not None or len(names) == 1 or usual in names:
        return wanted or (names[0] if len(names) == 1 else usual)
    raise UserError(f"The dataset has {len(names):,} {what}s: {listed}.", f"Name one: {option} {names[0]}.")


def settle_id(reference: str) -> str:
    """The id in "hub:owner/name", "owner/name", or the address of a dataset's page.

    Raises:
        UserError: it is none.
    """
    name = reference.strip().removeprefix(PREFIX).removeprefix(_PAGE).strip("/")
    if not _ID.fullmatch(name) or ".." in name or "--" in name:
        raise UserError(f"{name[:100]!r} is no name of a dataset on the hub.", "Write hub:owner/name.")
    return name


def look_up(reference: str, revision: str | None = None) -> HubDataset:
    """Ask the hub what a dataset holds, without fetching any of it.

    Its own Parquet files come first; where it has none, and no revision was named, those that the hub has made.

    Raises:
        UserError: there is no such dataset or revision, it has no Parquet files, or the hub is out of reach.
    """
    from huggingface_hub import HfApi, errors

    asked = settle_id(reference)
    with explained(asked, "dataset"):
        info = HfApi().dataset_info(asked, revision=revision, files_metadata=True, timeout=TIMEOUT_SECONDS)
        parts, is_converted, used = tuple(_own_parts(info)), False, info
        if not parts and revision is None:
            try:
                used = HfApi().dataset_info(info.id, revision=CONVERTED, files_metadata=True, timeout=TIMEOUT_SECONDS)
            except errors.RevisionNotFoundError:
                used = info
            else:
                parts, is_converted = tuple(_converted_parts(_sizes(used))), True
    if not parts:
        raise UserError(
            f"The dataset {info.id} has no Parquet files, and the hub has not made any of it.",
            f"localft never runs a dataset's own code. Download files by hand: {_PAGE}{info.id}/tree/main",
        )
    card = info.card_data
    licence = card.get("license") if card is not None else None
    named = ", ".join(licence) if isinstance(licence, list) else licence
    return HubDataset(info.id, str(used.sha), parts, bool(info.gated), named, is_converted, asked)


def _sizes(info: Any) -> dict[str, int]:
    listed = {sibling.rfilename: int(sibling.size or 0) for sibling in info.siblings or []}
    return {name: size for name, size in sorted(listed.items()) if name.endswith(".parquet")}


def _own_parts(info: Any) -> Iterator[Part]:
    """By what the dataset's card says, else by the names of its files."""
    sizes = _sizes(info)
    card = info.card_data
    configs = card.get("configs") if card is not None else None
    if isinstance(configs, list):
        said = [part for config in configs if isinstance(config, dict) for part in _parts_of_card(config, sizes)]
        if said:
            yield from said
            return
    if sizes and all(_CONVERTED_FILE.fullmatch(name) for name in sizes):
        yield from _converted_parts(sizes)
        return
    yield from _grouped({name: (*_named(name), False) for name in sizes}, sizes)


def _parts_of_card(config: Mapping[str, Any], sizes: Mapping[str, int]) -> Iterator[Part]:
    """The splits that a configuration of the card names by patterns of files."""
    name, given = str(config.get("config_name") or DEFAULT), config.get("data_files")
    base = str(config.get("data_dir") or "").strip("/")
    if isinstance(given, dict):
        listed = [(str(split), pattern) for split, pattern in given.items()]
    elif isinstance(given, list) and given and all(isinstance(one, dict) for one in given):
        listed = [(str(one.get("split") or "train"), one.get("path")) for one in given]
    else:
        listed = [("train", given)]
    for split, patterns in listed:
        texts = patterns if isinstance(patterns, list) else [patterns]
        globs = [f"{base}/{text}".lstrip("/") for text in texts if isinstance(text, str)]
        files = tuple((file, size) for file, size in sizes.items() if any(_fits(file, glob) for glob in globs))
        if files:
            yield Part(name, split, files)


def _fits(file: str, glob: str) -> bool:
    """Whether a pattern names a file: a star stands for no slash, two stars for any folders, one after the other."""
    parts = glob.split("/")
    reached = {0}
    for name in (*file.split("/"), None):
        for place, part in enumerate(parts):
            if place in reached and part == "**":
                reached.add(place + 1)
        if name is not None:
            inside = [place for place in reached if place < len(parts)]
            folders = {place for place in inside if parts[place] == "**"}
            reached = folders | {place + 1 for place in inside if fnmatchcase(name, parts[place])}
    return len(parts) in reached


def _named(name: str) -> tuple[str, str]:
    """Configuration and split by the name of a file."""
    path = PurePosixPath(name)
    match = _SHARD.fullmatch(path.name)
    split = match["split"] if match else path.stem
    folder = path.parent.name
    return (DEFAULT if folder in {"", "data"} else folder), split


def _converted_parts(sizes: Mapping[str, int]) -> Iterator[Part]:
    matches = {name: _CONVERTED_FILE.fullmatch(name) for name in sizes}
    places = {name: (m["config"], m["split"], bool(m["partial"])) for name, m in matches.items() if m}
    yield from _grouped(places, sizes)


def _grouped(places: Mapping[str, tuple[str, str, bool]], sizes: Mapping[str, int]) -> Iterator[Part]:
    for place in dict.fromkeys(places.values()):
        config, split, is_partial = place
        yield Part(config, split, tuple((name, sizes[name]) for name in places if places[name] == place), is_partial)
