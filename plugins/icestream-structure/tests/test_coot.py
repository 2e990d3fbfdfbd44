"""Coot itself refines a model, in a process of its own."""

import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from particle import distance, placed

from icestream.protocol import BadOutput, ItemFailed, Work, missing
from icestream.protocol.conformance import problems
from icestream_structure import refine_with_coot
from icestream_structure.items import AtomicModel
from icestream_structure.refine_with_coot import RealSpaceRefinement, RefineWithCoot


@pytest.fixture
def coot() -> None:
    """Skips where coot-headless-api is not installed beside icestream."""
    if find_spec("coot_headless_api") is None:
        pytest.skip("coot-headless-api is not installed (pip install --group pyproject.toml:test)")


def test_it_keeps_the_rules_and_never_loads_coot_itself() -> None:
    assert problems(RefineWithCoot) == []
    code = (
        "import sys, icestream_structure.refine_with_coot as r; r.RefineWithCoot.program.find(); "
    )
    code += "assert 'coot_headless_api' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_model_is_refined_in_its_map(
    coot: None, model: Path, shaken: AtomicModel, work: Work
) -> None:
    step = RefineWithCoot(RealSpaceRefinement(cycles=200))
    assert missing(step) == ()
    made = step.process(shaken, work=work)
    assert made.model is not None and shaken.model is not None
    before, after = (distance(path, placed(model)) for path in (shaken.model, made.model))
    assert after < 0.8 * before
    assert made.residues == 90 and shaken.atoms <= made.atoms <= shaken.atoms + 2
    assert made.agreement <= shaken.agreement
    assert "90 residues" in step.summarize([made])


def test_a_model_outside_of_the_density_is_told(shaken: AtomicModel, work: Work) -> None:
    with pytest.raises(ItemFailed) as told:
        RefineWithCoot().prepare(work, replace(shaken, pixel_size=0.01))
    assert told.value.code == "outside-map"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("pass", "no-output"),
        ("open('coot.cif', 'w').write('HALF')", "half-output"),
        ("open('coot.cif', 'w').write('data_a\\n')", "half-output"),
        ("raise ModuleNotFoundError(\"No module named 'coot_headless_api'\")", "no-coot"),
    ],
)
def test_what_it_leaves_is_looked_at(
    shaken: AtomicModel,
    work: Work,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    code: str,
) -> None:
    (tmp_path / "coot_script.py").write_text(script)
    monkeypatch.setattr(refine_with_coot, "__file__", str(tmp_path / "refine_with_coot.py"))
    with pytest.raises((BadOutput, ItemFailed)) as told:
        RefineWithCoot().process(shaken, work=work)
    assert told.value.code == code


def test_nothing_is_said_of_bonds_that_it_has_moved(
    shaken: AtomicModel, work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "import shutil, sys\nshutil.copy(sys.argv[1], sys.argv[3])\n"
    (tmp_path / "coot_script.py").write_text(script)
    monkeypatch.setattr(refine_with_coot, "__file__", str(tmp_path / "refine_with_coot.py"))
    known = replace(shaken, bond_deviation=0.01, angle_deviation=1.2)
    made = RefineWithCoot().process(known, work=work)
    assert made.model != shaken.model and made.atoms == shaken.atoms
    assert made.bond_deviation is None and made.angle_deviation is None
