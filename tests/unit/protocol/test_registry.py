"""Protocols are found by entry points; broken ones are shown, never hidden."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import malformed
from icestream.model import ITEM_TYPES
from icestream.protocol import Registry, UnknownProtocol, known_types
from icestream.protocol.registry import GROUP

GOOD = '''
from dataclasses import dataclass
from icestream.model import Ctf, Micrograph
from icestream.protocol import ItemProtocol, Parameters
class Good(ItemProtocol[Parameters]):
    """Good."""
    name = "test.good"
    title = "Good"
    def process(self, micrograph: Micrograph) -> Ctf: ...
@dataclass(frozen=True)
class Ice:
    exposure: str
class Own(ItemProtocol[Parameters]):
    """Own."""
    name = "test.own"
    title = "Own"
    def process(self, ctf: Ctf) -> Ice: ...
class Misnamed(Good):
    name = "test.other"
class Number: pass
'''


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    (tmp_path / "plugin_under_test.py").write_text(GOOD)
    (tmp_path / "plugin_that_raises.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    targets = {
        "test.good": "plugin_under_test:Good",
        "test.own": "plugin_under_test:Own",
        "test.misnamed": "plugin_under_test:Misnamed",
        "test.number": "plugin_under_test:Number",
        "test.raises": "plugin_that_raises:Anything",
    }
    return Registry(EntryPoint(name, target, GROUP) for name, target in targets.items())


def test_a_good_protocol_is_loaded(registry: Registry) -> None:
    assert registry.get("test.good").title == "Good"


def test_an_unknown_name_gets_a_suggestion(registry: Registry) -> None:
    with pytest.raises(UnknownProtocol, match="did you mean test.good"):
        registry.get("test.god")


def test_broken_protocols_are_listed_with_their_traceback(registry: Registry) -> None:
    broken = {found.name: found for found in registry.broken()}
    assert set(broken) == {"test.misnamed", "test.number", "test.raises"}
    assert "ZeroDivisionError" in broken["test.raises"].traceback
    assert broken["test.misnamed"].reason == (
        "the entry point is called 'test.misnamed' but the class calls itself 'test.other'; "
        "make them equal"
    )
    assert broken["test.number"].reason == (
        "plugin_under_test:Number is class Number, not a protocol class; derive it from "
        "ItemProtocol or another kind, and let the entry point name it"
    )


def test_asking_for_a_broken_protocol_says_why(registry: Registry) -> None:
    for _ in range(2):  # the second time from memory
        with pytest.raises(UnknownProtocol, match=r"broken: plugin_that_raises.py:1: ZeroDiv"):
            registry.get("test.raises")


def test_types_are_known_through_the_ports_of_what_is_installed(registry: Registry) -> None:
    wanted = ["test.own", "test.raises", "test.nowhere", "test.own"]
    usable = list(registry.usable(wanted))
    assert [protocol.name for protocol in usable] == ["test.own"]
    known = known_types(usable)
    (own,) = known.keys() - ITEM_TYPES.keys()
    assert own == "plugin_under_test:Ice"
    assert known[own].__name__ == "Ice"
    assert known_types([]) == ITEM_TYPES


SLIPS = malformed.SIGNATURES | malformed.ATTRIBUTES


@pytest.mark.parametrize(("source", "sentence"), SLIPS.values(), ids=SLIPS.keys())
def test_what_cannot_be_called_is_broken_with_the_sentence_of_the_check(
    source: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = malformed.load_typo(source, tmp_path, monkeypatch).__module__
    registry = Registry([EntryPoint("test.typo", f"{module}:Typo", GROUP)])
    (broken,) = registry.broken()
    assert broken.reason == f"Typo: {sentence}"


def test_ports_that_raise_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "@classmethod\ndef outputs(cls):\n    return cls.nothing"
    module = malformed.load_typo(malformed.typo("Item", body), tmp_path, monkeypatch).__module__
    (broken,) = Registry([EntryPoint("test.typo", f"{module}:Typo", GROUP)]).broken()
    assert broken.reason.startswith(f"Typo: its ports cannot be read: {module}.py:")
    assert broken.reason.endswith("AttributeError: type object 'Typo' has no attribute 'nothing'")


def test_a_module_that_ends_the_program_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plugin_that_exits.py").write_text("raise SystemExit(0)")
    monkeypatch.syspath_prepend(tmp_path)
    (broken,) = Registry([EntryPoint("test.exits", "plugin_that_exits:Any", GROUP)]).broken()
    assert broken.reason.startswith("plugin_that_exits.py:1: calls sys.exit()")
