"""A session that comes back from a backup goes on as the original, and makes nothing twice."""

import shutil
from pathlib import Path
from typing import Any

from icestream.engine.graph.workflow import Workflow
from icestream.engine.record.workflows import session_workflow
from icestream.engine.session import Machine, run_session
from icestream.facility.backup.backing import Backing, Backup
from icestream.facility.backup.parts import What
from icestream.facility.backup.restoring import restore
from icestream.facility.backup.target import prepare
from icestream.facility.transfer.address import Address
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.open import open_store
from microscope_folder import movies_in
from toy_session import InlineExecutor


def run(folder: Path, movies: Path) -> None:
    """Align all movies."""
    document: Any = {
        "name": "w",
        "steps": [
            {
                "name": "import",
                "protocol": "movies.import",
                "parameters": {"pattern": f"{movies}/**/*_Fractions.*", "watch": False},
                "inputs": {},
            },
            {
                "name": "align",
                "protocol": "movies.align",
                "parameters": {},
                "inputs": {"movie": "import.movie"},
            },
        ],
    }
    workflow = Workflow.from_document(document)
    run_session(
        folder, workflow, registry=Registry(), machine=Machine(cores=2), executor=InlineExecutor()
    )


def results(folder: Path) -> dict[str, float]:
    """When each result was begun, by its key."""
    store = open_store(folder, readonly=True)
    try:
        with store.read() as connection:
            rows = connection.execute(t.result.select()).all()
        return {row.key: row.started for row in rows}
    finally:
        store.close()


def test_it_goes_on_as_the_original(tmp_path: Path) -> None:
    nas = movies_in(tmp_path / "nas")
    place, usb = tmp_path / "place", tmp_path / "usb"
    shutil.copytree(nas, place / "raw")
    *_, last = sorted((place / "raw").rglob("*_Fractions.tiff"), key=lambda path: path.name)
    later = last.rename(tmp_path / last.name)
    folder = place / "processing"
    run(folder, place / "raw")
    before = results(folder)

    usb.mkdir()
    prepare("usb", Address(str(usb)))
    what = What(session="s", processing=folder, movies=place / "raw", place=place)
    done = Backing(what, Backup(name="usb", target=Address(str(usb)))).round()
    assert (done.failed, done.missing, done.outage) == ({}, [], "")
    shutil.rmtree(place)

    new = tmp_path / "elsewhere"
    restored = restore(Address(str(usb)), "s", new)
    assert (restored.wrong, restored.elsewhere) == ({}, {})
    folder = restored.processing
    store = open_store(folder, readonly=True)
    workflow = session_workflow(store)
    movies = [one.outputs["movie"] for one in queries.results(store, "import")]
    store.close()
    assert workflow.step("import").parameters["pattern"].startswith(f"{new}/raw/")
    assert all(Path(movie["path"]).is_file() for movie in movies)
    assert all(str(new) in movie["path"] for movie in movies)

    # Nothing new: nothing is made.
    run(folder, new / "raw")
    assert results(folder) == before
    # One more movie: it alone is made.
    later.rename(new / last.relative_to(place))
    run(folder, new / "raw")
    after = results(folder)
    assert {key: after[key] for key in before} == before
    assert len(after) == len(before) + 2
