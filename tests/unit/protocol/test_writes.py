"""Methods that change what outlives the item are told, with file and line."""

from pathlib import Path

import pytest

import malformed
from icestream.protocol import Registry
from icestream.protocol.writes import kept_writes


@pytest.mark.parametrize(
    ("source", "sentence"), malformed.WRITES.values(), ids=malformed.WRITES.keys()
)
def test_what_outlives_an_item_is_told(
    source: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protocol = malformed.load_typo(source, tmp_path, monkeypatch)
    ((file, line, said),) = kept_writes(protocol)
    assert said == sentence
    assert file == str(tmp_path / f"{protocol.__module__}.py")
    assert any(word in Path(file).read_text().splitlines()[line - 1] for word in ("=", ".", "del"))


@pytest.mark.parametrize("source", malformed.FINE.values(), ids=malformed.FINE.keys())
def test_what_is_an_items_own_is_let_be(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(kept_writes(malformed.load_typo(source, tmp_path, monkeypatch))) == []


def test_a_value_of_another_module_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.py").write_text("SEEN = {}\n")
    body = "def process(self, micrograph: Micrograph) -> Ctf:\n    SEEN['a'] = 1"
    source = malformed.typo("Item", body, "from typo_memory import SEEN\n\n\n")
    (tmp_path / "typo_memory.py").write_text("SEEN = {}\n")
    assert list(kept_writes(malformed.load_typo(source, tmp_path, monkeypatch))) == []
    package = tmp_path / "typos"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "memory.py").write_text("SEEN = {}\n")
    source = malformed.typo("Item", body, "from .memory import SEEN\n\n\n")
    (package / "typo.py").write_text(malformed.HEAD + source)
    from typos.typo import Typo  # type: ignore[import-not-found]

    ((_, _, said),) = kept_writes(Typo)
    assert said.startswith("`process` changes `SEEN`, which outlives the item")


def test_our_own_write_nothing() -> None:
    registry = Registry()
    assert [said for name in registry.names() for said in kept_writes(registry.get(name))] == []
