"""In a session: classes teach Topaz, and what it has learnt picks all micrographs again."""

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import numpy as np
import pytest
from toy_classes import KnowClasses

from icestream.engine.graph.workflow import Workflow
from icestream.engine.session import Machine, run_session
from icestream.formats import write_mrc
from icestream.model import Picks, from_document
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store.open import open_store
from toy_session import InlineExecutor

PLAYED = """#!/bin/sh
[ "$1" = --version ] && { echo 0.3.20; exit 0; }
printf 'image_name\\tx_coord\\ty_coord\\tscore\\n' > picks.txt
printf 'small\\t10\\t5\\t3\\n' >> picks.txt
case "$*" in
  *.sav*) printf 'small\\t20\\t5\\t2\\n' >> picks.txt ;;
  train*) for round in 1 2 3 4 5; do echo "model $round" > topaz_epoch$round.sav; done
    printf 'epoch\\tsplit\\tauprc\\n4\\ttest\\t0.9\\n5\\ttest\\t0.8\\n' > curve.txt ;;
esac
"""
"""Topaz finds one particle with a model that it brings, and two with one that it was taught."""


@pytest.fixture
def topaz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bin" / "topaz"
    path.parent.mkdir()
    path.write_text(PLAYED)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")


def test_what_is_learnt_from_classes_picks_all_again(topaz: None, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    (tmp_path / "in").mkdir()
    for number in range(6):
        image = rng.normal(0, 1, (128, 160)).astype(np.float32)
        write_mrc(tmp_path / "in" / f"m {number}.mrc", image, 2.0)
    given = {"pattern": str(tmp_path / "in" / "*.mrc"), "pixel_size": 2.0, "voltage": 300.0}
    steps = [
        {"name": "import", "protocol": "micrographs.import", "parameters": given},
        {"name": "pick", "protocol": "picks.topaz", "inputs": {"micrograph": "import"}},
        {"name": "keep", "protocol": "toy.classes", "inputs": {"micrograph": "import"}},
        {
            "name": "train",
            "protocol": "picks.topaz_train",
            "parameters": {"batch": 2},
            "inputs": {"micrograph": "import"},
        },
        {
            "name": "lessons",
            "protocol": "monitor.topaz_classes",
            "parameters": {"first": 100},
            "inputs": {"classes": "keep"},
        },
        {"name": "adopt", "protocol": "monitor.topaz_model", "inputs": {"topaz_model": "train"}},
    ]
    workflow = Workflow.from_document({"name": "taught", "steps": steps})
    toy = EntryPoint(KnowClasses.name, "toy_classes:KnowClasses", "icestream.protocols")
    outcome = run_session(
        tmp_path / "session",
        workflow,
        registry=Registry([*entry_points(group="icestream.protocols"), toy]),
        machine=Machine(cores=2),
        executor=InlineExecutor(),
    )
    assert outcome.complete
    results = queries.results(open_store(tmp_path / "session"), "pick")
    found = [from_document(Picks, result.outputs["picks"]) for result in results]
    assert len(found) == 6 and {len(picks) for picks in found} == {2}
