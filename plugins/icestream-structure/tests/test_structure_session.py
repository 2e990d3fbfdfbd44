"""In a session: each map gets its model, and the model is refined."""

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import numpy as np
import pytest
from particle import distance, placed
from toy_volume import KnowVolume

from icestream.engine.graph.workflow import Workflow
from icestream.engine.session import Machine, run_session
from icestream.formats import write_mrc
from icestream.model import from_document
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store.open import open_store
from icestream_structure.items import AtomicModel
from toy_session import InlineExecutor


def test_a_map_gets_its_model_and_that_is_refined(
    servalcat: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_MODEL", str(model))
    rng = np.random.default_rng(1)
    (tmp_path / "in").mkdir()
    for number in range(2):
        image = rng.normal(0, 1, (64, 64)).astype(np.float32)
        write_mrc(tmp_path / "in" / f"m{number}.mrc", image, 2.0)
    given = {"pattern": str(tmp_path / "in" / "*.mrc"), "pixel_size": 2.0, "voltage": 300.0}
    steps = [
        {"name": "import", "protocol": "micrographs.import", "parameters": given},
        {"name": "volume", "protocol": "toy.volume", "inputs": {"micrograph": "import"}},
        {
            "name": "fit",
            "protocol": "model.fit",
            "parameters": {"model": str(model), "resolution": 6.0},
            "inputs": {"volume": "volume"},
        },
        {
            "name": "refine",
            "protocol": "model.servalcat",
            "parameters": {"cycles": 1},
            "inputs": {"atomic_model": "fit"},
        },
    ]
    toy = EntryPoint(KnowVolume.name, "toy_volume:KnowVolume", "icestream.protocols")
    session = tmp_path / "a session"
    run_session(
        session,
        Workflow.from_document({"name": "modelled", "steps": steps}),
        registry=Registry([*entry_points(group="icestream.protocols"), toy]),
        machine=Machine(cores=2),
        executor=InlineExecutor(),
    )
    store = open_store(session)
    fits = [
        from_document(AtomicModel, result.outputs["atomic_model"])
        for result in queries.results(store, "fit")
    ]
    assert sorted(one.note for one in fits if one.model is None) == ["too few particles"]
    # What has no model goes on, and is no failure.
    refined = [
        from_document(AtomicModel, result.outputs["atomic_model"])
        for result in queries.results(store, "refine")
    ]
    assert len(refined) == len(fits)
    made = [one for one in refined if one.model is not None][-1]
    assert made.model is not None and made.bond_deviation is not None
    assert distance(session / made.model, placed(model)) < 0.6
