"""The table of models one can start from."""

from datetime import date

from localft.models.base_model import STARTER
from localft.models.catalogue import catalogue, catalogue_date
from localft.models.find import find_model


def test_the_table_is_whole() -> None:
    entries = catalogue()
    assert entries[0].reference == STARTER
    sizes = [entry.parameters for entry in entries[1:]]
    assert sizes == sorted(sizes)
    assert 100_000_000 < sizes[0] <= sizes[-1] < 15_000_000_000
    assert len({entry.reference for entry in entries}) == len(entries) > 20
    for entry in entries[1:]:
        assert entry.reference.count("/") == 1
        assert entry.licence
        assert entry.note.endswith(".")
        assert 2 * entry.parameters <= entry.download_bytes < 3 * entry.parameters
        shape = entry.config.get("text_config", entry.config)
        for name in ("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size", "intermediate_size"):
            assert shape[name] > 0
        assert entry.config["architectures"] == [entry.architecture]
        assert shape["max_position_embeddings"] == entry.context_length


def test_the_day_of_the_last_look_is_known() -> None:
    assert date.fromisoformat(catalogue_date()) >= date(2026, 11, 1)


def test_the_starter_is_as_the_table_says() -> None:
    entry, model = catalogue()[0], find_model(STARTER)
    assert (entry.parameters, entry.context_length, entry.architecture) == (
        model.parameters,
        model.context_length,
        model.architecture,
    )
    assert (entry.licence, entry.download_bytes) == (model.licence, 0)
    for name, value in entry.config.items():
        assert model.config[name] == value
