"""What a plugin raises is said in one sentence, with its file and line."""

import importlib
import re
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from icestream.protocol.breaking import in_a_sentence, why_not_loaded

Telling = Callable[[str, str], str]
_MADE = "made_for_breaking"


@pytest.fixture
def tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Telling:
    """Why a target in a package could not be loaded: the package's only module is given."""
    monkeypatch.syspath_prepend(tmp_path)

    def tell(source: str, target: str) -> str:
        folder = tmp_path / _MADE
        folder.mkdir()
        (folder / "__init__.py").touch()
        (folder / "part.py").write_text(source)
        importlib.invalidate_caches()
        with pytest.raises(BaseException) as raised:
            EntryPoint("a.b", target, "group").load()
        said = why_not_loaded(raised.value, target)
        for name in (_MADE, f"{_MADE}.part"):
            sys.modules.pop(name, None)
        return said

    return tell


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            "import os\nimport library_that_is_not_there\n",
            f"{_MADE}/part.py:2: No module named 'library_that_is_not_there'; install it, and name "
            "it among the dependencies of the package",
        ),
        (
            f"from {_MADE}.prat import x\n",
            f"{_MADE}/part.py:1: No module named '{_MADE}.prat'; write the module's right name",
        ),
        (
            "from icestream.model import Micrographs\n",
            f"{_MADE}/part.py:1: cannot import name 'Micrographs' from 'icestream.model'; did you "
            "mean Micrograph?",
        ),
        (
            "x = 1\n\ndef f(:\n",
            f"{_MADE}/part.py:3: SyntaxError: invalid syntax; fix the line",
        ),
        (
            "def f():\n    return 1 / 0\n\nf()\n",
            f"{_MADE}/part.py:2: ZeroDivisionError: division by zero, while it was imported; fix "
            "the line, or do that when it is needed",
        ),
        (
            "import sys\nsys.exit('no licence')\n",
            f"{_MADE}/part.py:2: calls sys.exit(): a module must not end the program that "
            "imports it",
        ),
        (
            "raise ValueError('one\\ntwo')\n",
            f"{_MADE}/part.py:1: ValueError: one two, while it was imported; fix the line, or do "
            "that when it is needed",
        ),
        ("Sellect = 1\n", f"module {_MADE}.part has no 'Select'; did you mean Sellect?"),
        ("", f"module {_MADE}.part has no 'Select'; let the entry point name a class"),
    ],
)
def test_each_mishap_has_its_sentence(tell: Telling, source: str, sentence: str) -> None:
    assert tell(source, f"{_MADE}.part:Select") == sentence


def test_a_module_that_is_not_there(tell: Telling) -> None:
    assert tell("", f"{_MADE}.prat:Select") == (
        f"No module named '{_MADE}.prat'; let the entry point name a module that is there"
    )


def test_an_entry_point_that_is_none(tell: Telling) -> None:
    assert tell("", "not a target") == "the entry point says 'not a target'; write 'module:Class'"


def test_the_place_is_the_authors_own() -> None:
    """Not where a library was when it gave up."""
    try:
        Path("/no/such/file").read_text()
    except OSError as error:
        said = in_a_sentence(error, __name__)
    assert re.match(r"[\w/]*test_breaking\.py:\d+: FileNotFoundError: ", said)
    assert "No such file" in said


def test_what_is_very_long_is_cut() -> None:
    said = in_a_sentence(ValueError("x" * 9999))
    assert said.startswith("ValueError: xxx")
    assert len(said) < 500
