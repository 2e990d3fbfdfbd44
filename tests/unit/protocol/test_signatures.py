"""What keeps the engine from calling a method is said with the kind's own signature."""

from pathlib import Path

import pytest

import malformed
from icestream.protocol import Registry
from icestream.protocol.signatures import signature_problems

SHIPPED = Registry()


@pytest.mark.parametrize(
    ("source", "sentence"), malformed.SIGNATURES.values(), ids=malformed.SIGNATURES.keys()
)
def test_a_wrong_signature_is_told(
    source: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert signature_problems(malformed.load_typo(source, tmp_path, monkeypatch)) == [sentence]


@pytest.mark.parametrize(
    ("source", "sentence"), malformed.UNREAD.values(), ids=malformed.UNREAD.keys()
)
def test_an_annotation_that_only_people_read_is_asked_for_by_the_check_alone(
    source: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protocol = malformed.load_typo(source, tmp_path, monkeypatch)
    assert signature_problems(protocol) == [sentence]
    assert signature_problems(protocol, unread=False) == []


@pytest.mark.parametrize("source", malformed.FINE.values(), ids=malformed.FINE.keys())
def test_what_is_right_is_let_be(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert signature_problems(malformed.load_typo(source, tmp_path, monkeypatch)) == []


def test_our_own_are_right() -> None:
    assert [
        found for name in SHIPPED.names() for found in signature_problems(SHIPPED.get(name))
    ] == []
