"""Servalcat itself prepares what Refmac is given and takes what it leaves; Refmac is played."""

import os
from pathlib import Path

import pytest
from particle import distance, placed

from icestream.protocol import ItemFailed, Work, missing
from icestream.protocol.conformance import problems
from icestream_structure.items import AtomicModel
from icestream_structure.refine_with_refmac import RefineWithRefmac
from icestream_structure.refine_with_servalcat import RefineWithServalcat
from icestream_structure.servalcat import Refinement

PLAYED = """#!/bin/sh
[ "$1" = -i ] && {{ echo ' Program: Refmac_{version} version {version}'; exit 0; }}
cat > keywords.txt
grep -q '^ncycle 7$' keywords.txt || exit 3
grep -q '^source em' keywords.txt || exit 3
[ {well} = yes ] || {{ echo 'Error: no more'; exit 1; }}
while [ $# -gt 1 ]; do
  case "$1" in xyzout) out=$2 ;; hklout) : > "$2" ;; esac
  shift
done
cp shifted.pdb "${{out%.*}}.pdb"
cp shifted.mmcif "${{out%.*}}.mmcif"
"""


@pytest.fixture
def refmac(tmp_path: Path, servalcat: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "bin" / "refmac5"
    path.parent.mkdir()
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
    return path


def play(path: Path, version: str = "5.8.0430", well: str = "yes") -> None:
    path.write_text(PLAYED.format(version=version, well=well))
    path.chmod(0o755)


def test_it_keeps_the_rules() -> None:
    assert problems(RefineWithRefmac) == []


def test_what_refmac_leaves_is_taken_where_the_map_is(
    refmac: Path, model: Path, shaken: AtomicModel, work: Work
) -> None:
    play(refmac)
    step = RefineWithRefmac(Refinement(cycles=7, weight=1.5))
    assert missing(step) == ()
    made = step.process(shaken, work=work)
    assert made.model is not None and made.bond_deviation is None
    # What it was given lay elsewhere: Servalcat cuts the map around the model.
    assert distance(made.model, placed(model)) == pytest.approx(0.52, abs=0.03)
    assert "weight auto 1.5" in (work.folder / "keywords.txt").read_text()


def test_a_failure_and_another_version_are_told(
    refmac: Path, shaken: AtomicModel, work: Work
) -> None:
    play(refmac, well="no")
    with pytest.raises(ItemFailed) as told:
        RefineWithRefmac(Refinement(cycles=7)).process(shaken, work=work)
    assert told.value.code == "refmac-failed"
    play(refmac, version="5.7.0032")
    assert "5.8.x" in " ".join(missing(RefineWithRefmac()))


def test_what_both_refinements_do_is_done_once() -> None:
    for name in ("process", "lacking", "plot", "need"):
        assert getattr(RefineWithRefmac, name) is getattr(RefineWithServalcat, name), name
