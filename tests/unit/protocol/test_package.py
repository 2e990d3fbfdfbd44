"""Every module of an installed package is found, and none is imported for it."""

import sys
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from icestream.protocol.package import Module, modules_of


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages, whose modules raise when they are imported."""
    for name in (
        "someones_plugin/__init__.py",
        "someones_plugin/inner/__init__.py",
        "someones_plugin/inner/deep.py",
        "someones_plugin/not-a-module.py",
        "someones_plugin/words.txt",
        "shared_space/someones/__init__.py",
        "shared_space/someones/part.py",
        "shared_space/anothers/__init__.py",
        "someones_module.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def installed(site: Path, *files: str) -> PathDistribution:
    """What pip writes down."""
    folder = site / "someones_plugin-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Name: someones-plugin\nVersion: 1\n")
    (folder / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    return PathDistribution(folder)


def shown(modules: list[Module]) -> dict[str, str]:
    return {module.name: module.shown for module in modules}


WHOLE = {
    "someones_plugin": "someones_plugin/__init__.py",
    "someones_plugin.inner": "someones_plugin/inner/__init__.py",
    "someones_plugin.inner.deep": "someones_plugin/inner/deep.py",
}


def test_what_pip_installed(site: Path) -> None:
    found = installed(
        site,
        "someones_plugin/__init__.py",
        "someones_plugin/inner/__init__.py",
        "someones_plugin/inner/deep.py",
        "someones_plugin/not-a-module.py",
        "someones_plugin/gone.py",
        "../../bin/script.py",
        "someones_plugin/words.txt",
    )
    assert shown(modules_of(found, [])) == WHOLE
    assert shown(modules_of(found, ["someones_plugin.inner.deep"])).items() >= WHOLE.items()


def test_an_editable_installation_lists_no_files(site: Path) -> None:
    found = modules_of(
        installed(site, "__editable__someones_plugin.pth"), ["someones_plugin.inner"]
    )
    assert shown(found).items() >= WHOLE.items()
    assert not {"someones_plugin", "someones_plugin.inner"} & sys.modules.keys()


def test_a_single_module(site: Path) -> None:
    found = modules_of(installed(site), ["someones_module"])
    assert shown(found) == {"someones_module": "someones_module.py"}


def test_of_a_shared_space_only_its_own(site: Path) -> None:
    found = modules_of(installed(site), ["shared_space.someones.part"])
    assert shown(found) == {
        "shared_space.someones": "someones/__init__.py",
        "shared_space.someones.part": "someones/part.py",
    } or shown(found) == {
        "shared_space.someones": "shared_space/someones/__init__.py",
        "shared_space.someones.part": "shared_space/someones/part.py",
    }


def test_what_is_not_there(site: Path) -> None:
    assert modules_of(installed(site), ["no_such_package.part", "no_such_module"]) == []


def test_of_icestream_the_protocols(site: Path) -> None:
    names = shown(modules_of(installed(site), ["icestream.protocols.estimate_ctf"]))
    assert names["icestream.protocols.estimate_ctf"] == "icestream/protocols/estimate_ctf.py"
    assert all(name.startswith("icestream.protocols") for name in names)
