"""Folder names made of display names: whatever a person types stays inside the projects folder."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from localft.errors import UserError
from localft.store import files

RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))}

typed = st.one_of(
    st.text(max_size=220),
    st.text(alphabet="./\\:~*? \0abcCON\u202e%2e", max_size=80),
    st.sampled_from([*RESERVED, "..", ".", "../x", "a/b", "C:\\x", "%2e%2e", "con.txt", "trailing.", "x" * 200]),
)


@given(name=typed)
@example(name="ＣＯＮ")
@example(name="CON ")
@example(name="日本語")
@example(name="é" * 200)
@settings(max_examples=2_000, deadline=None)
def test_every_name_becomes_one_safe_folder_or_an_error(name: str) -> None:
    root = Path("/projects")
    try:
        slug = files.slugify(name)
    except UserError:
        return
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?", slug)
    assert slug not in RESERVED
    assert (root / slug).resolve().parent == root.resolve()
    assert files.slugify(slug) == slug


@given(name=st.text(alphabet="abc XYZ-_19éß", min_size=1, max_size=60))
@settings(max_examples=300, deadline=None)
def test_names_that_differ_in_case_or_form_only_share_a_folder(name: str) -> None:
    def slug(text: str) -> str | None:
        try:
            return files.slugify(text)
        except UserError:
            return None

    assert slug(name) == slug(unicodedata.normalize("NFD", name))
    plain = name.encode("ascii", "ignore").decode()
    if plain == name:
        assert slug(name) == slug(name.upper())


@pytest.mark.parametrize("name", ["", "   ", "../x", "a/b", "a\\b", ".", "..", "nul\0l", "CON", "com1", "x" * 201])
def test_unusable_names_are_refused_with_a_reason(name: str) -> None:
    with pytest.raises(UserError) as caught:
        files.slugify(name)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Größe & Spaß", "grosse-spass"),
        ("GRÖẞE", "grosse"),
        ("Smørrebrød", "smorrebrod"),
        ("Łódź", "lodz"),
        ("Ærø, Ǽ and Œuvre", "aero-ae-and-oeuvre"),
        ("Đà Nẵng", "da-nang"),
        ("Þórður", "thordur"),
    ],
)
def test_letters_without_a_plain_form_are_spelt_out(name: str, slug: str) -> None:
    assert files.slugify(name) == files.slugify(unicodedata.normalize("NFD", name)) == slug


def test_names_of_other_scripts_get_a_stable_folder_each() -> None:
    assert files.slugify("日本語") == files.slugify("日本語")
    assert files.slugify("日本語") != files.slugify("中文")
