"""What a class attribute must be is said with what it is."""

from pathlib import Path

import pytest

import malformed
from icestream.protocol import Registry
from icestream.protocol.attributes import attribute_problems

SHIPPED = Registry()


@pytest.mark.parametrize(
    ("source", "sentence"), malformed.ATTRIBUTES.values(), ids=malformed.ATTRIBUTES.keys()
)
def test_a_wrong_attribute_is_told(
    source: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attribute_problems(malformed.load_typo(source, tmp_path, monkeypatch)) == [sentence]


@pytest.mark.parametrize("source", malformed.FINE.values(), ids=malformed.FINE.keys())
def test_what_is_right_is_let_be(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attribute_problems(malformed.load_typo(source, tmp_path, monkeypatch)) == []


def test_our_own_are_right() -> None:
    assert [
        found for name in SHIPPED.names() for found in attribute_problems(SHIPPED.get(name))
    ] == []
