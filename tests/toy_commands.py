"""Commands of branches on sessions of toy protocols."""

import pytest

import toys

COMMANDS = ("trying", "branches", "compare", "adopt", "change")


def with_toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands know the toy protocols."""
    for name in COMMANDS:
        monkeypatch.setattr(f"icestream.cli.{name}.Registry", toys.registry)
    monkeypatch.setattr("icestream.engine.requests.at_rest.Registry", toys.registry)
