"""Class attributes that can change are told, and constants are not."""

from pathlib import Path

import pytest

import malformed
from icestream.protocol import Registry
from icestream.protocol.constants import kept_values, own_classes


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("source", "sentence"), malformed.CONSTANTS.values(), ids=malformed.CONSTANTS.keys()
)
def test_what_may_change_is_told(
    source: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(kept_values(malformed.load_typo(source, tmp_path, monkeypatch))) == [sentence]


def test_the_packages_own_classes_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none of the language, of Python or of a library."""
    source = malformed.typo("Mixin, Item", "pass", "class Mixin(dict):\n    pass\n\n\n")
    found = own_classes(malformed.load_typo(source, tmp_path, monkeypatch))
    assert [klass.__name__ for klass in found] == ["Typo", "Mixin", "Item"]


def test_our_own_keep_nothing() -> None:
    registry = Registry()
    assert [said for name in registry.names() for said in kept_values(registry.get(name))] == []
