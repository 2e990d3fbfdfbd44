"""`icestream plugin check`."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from icestream.cli import plugin
from icestream.protocol.registry import GROUP


class _Distribution:
    """An installed package that declares what a test gives it."""

    name = "some-plugin"
    version = "1"

    def __init__(self, **points: str) -> None:
        self.entry_points = EntryPoints(
            EntryPoint(name, value, GROUP)._for(self)  # type: ignore[arg-type]
            for name, value in points.items()
        )


def _check(monkeypatch: pytest.MonkeyPatch, **points: str) -> object:
    monkeypatch.setattr(plugin, "distribution", lambda name: _Distribution(**points))
    return plugin.app(["check", "some-plugin"], result_action="return_value")


def test_a_package_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert plugin.app(["check", "no-such-package"], result_action="return_value") == 2
    assert "install it with pip" in capsys.readouterr().out


def test_a_package_without_protocols(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _check(monkeypatch) == 1
    assert GROUP in capsys.readouterr().out


def test_a_protocol_that_does_not_load(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _check(monkeypatch, **{"a.b": "no_such_module:Thing"}) == 1
    assert "No module named 'no_such_module'" in capsys.readouterr().out


def test_a_good_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    point = "icestream.protocols.select_exposures:SelectExposures"
    assert _check(monkeypatch, **{"exposures.select": point}) == 0
    assert capsys.readouterr().out == "exposures.select: ok\n"
