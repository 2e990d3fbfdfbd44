"""`icestream protocols`."""

import json
import re
from pathlib import Path

import pytest

from icestream.cli.protocols import app
from icestream.protocol import Program, Registry, Resources, UnknownProtocol
from icestream.protocols.estimate_ctf import EstimateCtf


def _run(*tokens: str) -> object:
    return app(list(tokens), result_action="return_value")


def test_list_names_every_protocol(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("list") == 0
    names = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]
    assert names == ["name", *Registry().names()]


def test_list_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("list", "--json") == 0
    found = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert found["ctf.estimate"]["kind"] == "item"


def test_no_shipped_protocol_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("list", "--broken") == 0
    assert capsys.readouterr().out == "no protocol is broken\n"


def test_show_has_ports_parameters_units_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    _run("show", "ctf.estimate")
    shown = capsys.readouterr().out
    assert "input: micrograph: Micrograph" in shown
    assert "output: ctf: Ctf" in shown
    for name in Registry().get("ctf.estimate").parameters_type().model_fields:
        assert f"  {name}: " in shown
    assert "µm" in shown


def test_show_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    _run("show", "ctf.estimate", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["inputs"] == {"micrograph": "Micrograph"}
    assert "properties" in found["parameters"]


def test_show_has_the_terms_and_sources_of_its_programs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Program("fit", known=("1.2",), licence="MIT", cites=("doi:10.1/x",))
    monkeypatch.setattr(EstimateCtf, "programs", lambda self: (program,))
    _run("show", "ctf.estimate")
    shown = capsys.readouterr().out
    assert "program: fit; 1.2.x; MIT\n" in shown
    assert "cites: doi:10.1/x\n" in shown
    _run("show", "ctf.estimate", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["programs"] == [{"name": "fit", "versions": ["1.2"], "licence": "MIT"}]
    assert found["cites"][-1] == "doi:10.1/x"


def test_show_of_a_protocol_that_raises(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EstimateCtf) -> Resources:
        raise RuntimeError("not today")

    monkeypatch.setattr(EstimateCtf, "need", refuse)
    _run("show", "ctf.estimate")
    shown = capsys.readouterr().out
    assert "needs: cannot be told: " in shown
    assert "not today" in shown
    assert "parameters:" in shown


def test_an_unknown_name_suggests_near_ones() -> None:
    with pytest.raises(UnknownProtocol, match="did you mean ctf.estimate"):
        _run("show", "ctf.estimat")


def test_what_may_follow_is_suggested_with_why(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(tmp_path / "settings.toml"))
    _run("suggest", "movies.align")
    first = capsys.readouterr().out.splitlines()[1].split("\t")
    assert first[:2] == ["ctf.estimate", "CTF estimation"]
    assert re.fullmatch(r"in \d+ of the \d+ ready workflows with movies\.align", first[2])
    _run("suggest", "movies.align", "--json")
    assert json.loads(capsys.readouterr().out)[0]["why"] == first[2]
    _run("suggest", "monitor.ctf")
    assert capsys.readouterr().out == "nothing is known to follow monitor.ctf\n"
    with pytest.raises(UnknownProtocol, match=r"did you mean ctf\.estimate"):
        _run("suggest", "ctf.estimat")
