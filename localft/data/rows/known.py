"""An example that a page or a person has seen, found again in whatever the data has become since."""

from hashlib import blake2b

from localft.data.examples import Example
from localft.data.stored import line_of
from localft.data.versions import SPLITS, DatasetVersion, Split, open_split
from localft.errors import UserError
from localft.store.projects import Project


def example_key(example: Example) -> str:
    """Tells an example, with its origin, from every other one."""
    return _key(line_of(example))


def find_known(
    project: Project, version: DatasetVersion, split: Split, index: int, key: str
) -> tuple[Split, int, Example]:
    """Where an example is now that was seen at a place: still there, or elsewhere since others were added or deleted.

    Raises:
        UserError: the version has it no more.
    """
    there = open_split(project, version.id, split)
    if 0 <= index < len(there) and example_key(there[index]) == key:
        return split, index, there[index]
    for name in sorted(SPLITS, key=lambda one: one != split):
        examples = open_split(project, version.id, name)
        for place, line in enumerate(examples.lines()):
            if _key(line) == key:
                return name, place, examples[place]
    raise UserError("The examples have changed since this one was shown.", "Look at it again, then change it.")


def _key(line: bytes) -> str:
    return blake2b(line, digest_size=16).hexdigest()
