"""A TOML file is changed where it has to be, and stays as it is everywhere else."""

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icestream.settings.toml import NotWritable, rewritten

FILE = """\
# Of the site.
cores = 2  # of four

# Our microscopes
[microscopes.krios]
voltage = 300  # kV
# no camera yet

# Who is told
[channels.staff]
kind = "log"
path = "/x"
[tokens]
relion = 1

[channels.room]
kind = "slack"
url = { env = "SLACK" }  # of the group
"""


def changed(text: str = FILE, **values: Any) -> str:
    return rewritten(text, tomllib.loads(text) | values)


def test_nothing_changes_where_nothing_is_to_change() -> None:
    assert changed() == FILE


def test_a_value_keeps_its_comment_and_its_place() -> None:
    assert changed(cores=4) == FILE.replace("cores = 2", "cores = 4")


def test_a_new_value_stands_with_its_like_and_not_below_the_comment_of_a_table() -> None:
    assert changed(memory="64GB") == FILE.replace(
        "cores = 2  # of four\n", 'cores = 2  # of four\nmemory = "64GB"\n'
    )
    krios = {"voltage": 300, "camera": "K3"}
    assert changed(microscopes={"krios": krios}) == FILE.replace(
        "# no camera yet\n", '# no camera yet\ncamera = "K3"\n'
    )


def test_a_new_table_comes_last() -> None:
    glacios = {"krios": {"voltage": 300}, "glacios": {"voltage": 200}}
    assert changed(microscopes=glacios) == f"{FILE}\n[microscopes.glacios]\nvoltage = 200\n"


def test_a_table_goes_with_the_comment_above_it_alone() -> None:
    made = changed(channels={"room": tomllib.loads(FILE)["channels"]["room"]})
    assert "Who is told" not in made
    assert "staff" not in made
    assert "# no camera yet" in made
    assert "# of the group" in made


def test_tables_in_a_line_are_changed_in_their_line() -> None:
    text = 'channels = { a = { kind = "log" } }  # one\ntokens = { relion = 2 }\n'
    made = rewritten(text, {"channels": {"a": {"kind": "teams"}}, "tokens": {"topaz": 1}})
    assert made.startswith('channels = { a = { kind = "teams" } }  # one\n')
    assert tomllib.loads(made)["tokens"] == {"topaz": 1}


def test_an_empty_table_is_said_to_be_one() -> None:
    assert rewritten("[channels.a]\nkind = 'log'\n", {"channels": {}}) == "[channels]\n"


def test_a_header_inside_a_text_is_none() -> None:
    text = 'a = """\n[b]\nx = 1\n"""\nc = [\n  [1],\n]\n[d]\ne = 1\n'
    made = rewritten(text, tomllib.loads(text) | {"d": {"e": 2}})
    assert made == text.replace("e = 1", "e = 2")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("[[a]]\nb = 1\n", {"a": [{"b": 2}]}),
        ("", {"a": object()}),
        ("", {"a": float("nan")}),
    ],
)
def test_what_cannot_be_written_is_refused(text: str, target: dict[str, Any]) -> None:
    with pytest.raises(NotWritable):
        rewritten(text, target)


NAMES = st.text("ab.é \"'", min_size=1, max_size=3)
PLAIN = (
    st.integers(-9, 9)
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
    | st.lists(st.integers(0, 9), max_size=2)
)
INNER = st.dictionaries(NAMES, PLAIN | st.dictionaries(NAMES, PLAIN, max_size=2), max_size=3)
DOCUMENTS = st.dictionaries(NAMES, PLAIN | st.dictionaries(NAMES, PLAIN | INNER, max_size=3))


@settings(max_examples=150)
@given(DOCUMENTS, DOCUMENTS)
def test_the_file_says_what_it_shall_whatever_it_said(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    text = rewritten("", before)
    assert tomllib.loads(text) == before
    assert tomllib.loads(rewritten(text, after)) == after
    assert rewritten(text, before) == text


def test_an_integer_that_not_every_reader_can_hold_is_not_written() -> None:
    assert rewritten("", {"cores": 2**63 - 1}) == f"cores = {2**63 - 1}\n"
    with pytest.raises(NotWritable, match="too large"):
        rewritten("", {"cores": 2**63})
