"""The files that a dataset's card names by patterns."""

from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi

from localft.data.hub.listing import look_up


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("data/*.parquet", ["data/pretrain-0.parquet", "data/train-0.parquet"]),
        ("**/train-*", ["data/old/train-0.parquet", "data/train-0.parquet", "train-0.parquet"]),
        ("data/**", ["data/old/train-0.parquet", "data/pretrain-0.parquet", "data/train-0.parquet"]),
        ("data/**/[a-t]*-?.parquet", ["data/old/train-0.parquet", "data/pretrain-0.parquet", "data/train-0.parquet"]),
        ("train-0.parquet", ["train-0.parquet"]),
    ],
)
def test_a_star_stays_in_its_folder(pattern: str, expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    files = ["data/old/train-0.parquet", "data/pretrain-0.parquet", "data/train-0.parquet", "train-0.parquet"]
    info = SimpleNamespace(
        id="someone/talks",
        sha="1" * 40,
        gated=False,
        card_data={"configs": [{"data_files": pattern}]},
        siblings=[SimpleNamespace(rfilename=name, size=1) for name in files],
    )
    monkeypatch.setattr(HfApi, "dataset_info", lambda *args, **kwargs: info)
    (part,) = look_up("someone/talks").parts
    assert [name for name, _ in part.files] == expected
