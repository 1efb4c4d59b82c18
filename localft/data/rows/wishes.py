"""What a person wants to see of the examples."""

from dataclasses import dataclass
from typing import Literal, get_args

from localft.data.checks.places import Places
from localft.data.versions import Split

Sort = Literal["place", "shortest", "longest", "rating"]
SORTS: tuple[Sort, ...] = get_args(Sort)
Rated = Literal["good", "bad", "noted", "not rated"]
RATED: tuple[Rated, ...] = get_args(Rated)


@dataclass(frozen=True)
class Wish:
    """What a person wants to see: examples that say `search` in any case, of a split, of a finding's `places`, ...

    `page` counts from 1; the test split is looked at only where it was `opened`.
    """

    search: str = ""
    split: Split | None = None
    places: Places | None = None
    rated: Rated | None = None
    edited: bool = False
    sort: Sort = "place"
    page: int = 1
    size: int = 20
    opened: bool = False

    @property
    def choosy(self) -> bool:
        """Whether one has to look at the examples to know which of them fit."""
        return bool(self.search.strip() or self.places is not None or self.rated or self.edited)
