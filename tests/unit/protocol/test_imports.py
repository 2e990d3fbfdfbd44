"""Private layers are found however they are imported, and what is not there is told."""

from pathlib import Path

import pytest

from icestream.protocol.imports import PUBLIC, read_module
from icestream.protocol.package import Module


def read(folder: Path, source: str, name: str = "someones.picking") -> list[tuple[int, str]]:
    path = folder / f"{name.rpartition('.')[2]}.py"
    path.write_text(source)
    return read_module(Module(name, path), [Module("someones", path), Module(name, path)])


PRIVATE = {
    "import": "import icestream.store",
    "module": "import os, icestream.store.queries",
    "another name": "import icestream.store as s",
    "from": "from icestream.store import queries",
    "from the top": "from icestream import model, store",
    "from the top, renamed": "from icestream import store as s",
    "in a function": "def f():\n    from icestream.store import queries",
    "in a method": "class A:\n    def f(self):\n        import icestream.store",
    "guarded": "try:\n    import icestream.store\nexcept ImportError:\n    pass",
    "for types": "import typing\nif typing.TYPE_CHECKING:\n    from icestream.store import open",
    "by name": "import importlib\nimportlib.import_module('icestream.store')",
    "by name, renamed": "from importlib import import_module as load\nload('icestream.store')",
    "by a name in parts": "import importlib\nimportlib.import_module('icestream' + '.store')",
    "by a relative name": "import importlib\nimportlib.import_module('.store', 'icestream')",
    "by a relative name, said so": (
        "import importlib\nimportlib.import_module('.store', package='icestream')"
    ),
    "built in": "__import__('icestream.store')",
    "resolved": "import pkgutil\npkgutil.resolve_name('icestream.store.open:open_store')",
    "what others have loaded": "import sys\nsys.modules['icestream.store'].open",
    "an attribute": "import icestream.model\nicestream.store.queries",
    "an attribute, renamed": "import icestream as ice\nice.store.queries",
}


@pytest.mark.parametrize("source", PRIVATE.values(), ids=PRIVATE.keys())
def test_a_private_layer_is_refused(tmp_path: Path, source: str) -> None:
    ((line, said),) = read(tmp_path, source)
    assert said.startswith("imports icestream.store")
    assert said.endswith(
        "; a plugin may import formats, model, processing, protocol and units of icestream only: "
        "do without, or ask for what you need to be made public"
    )
    assert "store" in source.splitlines()[line - 1]


@pytest.mark.parametrize(
    "layer", ["cli", "engine", "exports", "log", "protocols", "report", "settings", "simulator"]
)
def test_every_other_layer_is_private(tmp_path: Path, layer: str) -> None:
    ((_, said),) = read(tmp_path, f"from icestream import {layer}")
    assert said.startswith(f"imports icestream.{layer}; ")


@pytest.mark.parametrize("layer", sorted(PUBLIC))
def test_public_layers_are_let_be(tmp_path: Path, layer: str) -> None:
    source = f"import icestream.{layer}\nfrom icestream import {layer} as x\nicestream.{layer}.y"
    assert read(tmp_path, source) == []


def test_a_name_that_is_made_up_is_refused(tmp_path: Path) -> None:
    source = "import importlib\ndef f(x):\n    importlib.import_module(f'icestream.{x}')"
    said = "imports a module of icestream by a name that is made up; write the import"
    assert read(tmp_path, source) == [(3, said)]


FINE = {
    "the version": "import icestream\nprint(icestream.__version__)",
    "a library's store": "import os.path\nfrom os import path as store",
    "its own store": "from . import picking\nstore = picking",
    "a class of its own": "class icestream:\n    store = 1\nicestream.store",
    "by name": "import importlib\ndef f(x):\n    importlib.import_module(x)",
    "a library that may be missing": "try:\n    import no_such\nexcept ImportError:\n    no = 1",
    "a library when it is needed": "def f():\n    import no_such_library",
    "words about it": '"""Not icestream.store."""\nprint("icestream.store")',
}


@pytest.mark.parametrize("source", FINE.values(), ids=FINE.keys())
def test_what_is_no_import_of_a_layer(tmp_path: Path, source: str) -> None:
    assert read(tmp_path, source) == []


def test_our_own_protocols_may_use_each_other(tmp_path: Path) -> None:
    own = "icestream.protocols.one"
    assert read(tmp_path, "from icestream.protocols.gpus import read_gpus", own) == []
    ((_, said),) = read(tmp_path, "from .. import store", own)
    assert said.startswith("imports icestream.store; ")
    ((_, said),) = read(tmp_path, "from ..store import queries", own)
    assert said.startswith("imports icestream.store; ")


@pytest.mark.parametrize(
    ("source", "line", "sentence"),
    [
        ("x = 1\ny = (\n", 2, "'(' was never closed; fix the line"),
        (
            "x = 1\nimport no_such_library.part",
            2,
            "imports no_such_library.part, and no_such_library is not installed; install it, and "
            "name it among the dependencies of the package",
        ),
        (
            "from someones.pickin import x",
            1,
            "imports someones.pickin, which is not there; did you mean someones.picking?",
        ),
        (
            "from .pickin import x",
            1,
            "imports someones.pickin, which is not there; did you mean someones.picking?",
        ),
        (
            "from icestream.model import Micrographs",
            1,
            "imports Micrographs from icestream.model, which has none; did you mean Micrograph?",
        ),
        (
            "import icestream.formats.mrk",
            1,
            "imports icestream.formats.mrk, which is not there; did you mean "
            "icestream.formats.mrc?",
        ),
        ("x = '\0'", 1, "source code string cannot contain null bytes; fix the line"),
        ("# -*- coding: no-such -*-", 1, "unknown encoding: no-such; fix the line"),
    ],
)
def test_what_could_not_be_imported_is_told(
    tmp_path: Path, source: str, line: int, sentence: str
) -> None:
    assert read(tmp_path, source) == [(line, sentence)]


def test_a_module_of_a_public_layer_is_there_without_being_loaded(tmp_path: Path) -> None:
    assert read(tmp_path, "from icestream.formats import gatan, mrc") == []
