"""Documents that are none are refused with a sentence, whatever the library raises."""

import pytest

from icestream.documents import read_json, read_toml


def test_bytes_with_and_without_a_mark() -> None:
    assert read_json(b'\xef\xbb\xbf{"a": [1, "\xc3\xa5"]}') == {"a": [1, "å"]}
    assert read_json('{"a": 1}') == {"a": 1}
    assert read_toml('a = "å"'.encode()) == read_toml('a = "å"') == {"a": "å"}


@pytest.mark.parametrize(
    "given",
    [
        "",
        "{",
        "[" * 100_000,
        '{"a":' * 100_000,
        "9" * 5000,
        "[-1" + "0" * 400 + "]",
        b"\xff",
        b'"\xc3',
    ],
    ids=lambda given: repr(given)[:12],
)
def test_no_json(given: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_json(given)


@pytest.mark.parametrize(
    "given",
    ["a", "a = [" * 3, "a = " + "[" * 5000, "a = " + "9" * 5000, b"a = '\xff'"],
    ids=lambda given: repr(given)[:12],
)
def test_no_toml(given: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_toml(given)


def test_numbers_that_are_none() -> None:
    assert read_json("[NaN]")[0] != 0
    for word in ("NaN", "Infinity", "-Infinity"):
        with pytest.raises(ValueError, match=f"{word} is no number"):
            read_json(f"[{word}]", finite=True)
