"""Checkpoints in a session's folder that are not what was left there."""

import contextlib
import pickle
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from icestream.engine.executors import attempt
from icestream.engine.requests.models import Resume
from icestream.engine.requests.send import send
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.open import open_store
from toy_session import Session, Step, wait_for


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, sentinel: Path) -> None:
        self.sentinel = sentinel

    def __reduce__(self) -> Any:
        return Path.touch, (self.sentinel,)


def bring(folder: Path, *numbers: int) -> None:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"e{number}").write_text(str(number))


def record_size(session: Session, name: str) -> None:
    """Let the store say what size a file has."""
    with contextlib.closing(open_store(session.folder)) as store, store.write() as connection:
        size = (session.folder / name).stat().st_size
        connection.execute(update(t.file).where(t.file.c.path == name).values(size=size))


def test_a_checkpoint_that_is_lost_is_made_again_from_what_came_before(
    local: Session, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    bring(source, 1, 2, 3, 4)
    steps: tuple[Step, Step] = (
        ("src", "toy.count", {"folder": source}, {}),
        ("total", "toy.total", {"full": 2}, {"number": "src"}),
    )
    running = local.start(*steps)
    wait_for(lambda: len(queries.results(local.store(), "total")) == 2)
    running.stop()
    (local.folder / "total" / "batch_00002_state").unlink()
    attempt._states.clear()  # as in another process
    bring(source, 5, 6)
    (source / "closed").touch()
    assert local.run(*steps).complete
    last = queries.results(local.store(), "total")[-1].outputs["total"]
    assert (last["value"], last["count"], last["final"]) == (21, 6, True)


def test_a_checkpoint_that_cannot_be_read_fails_its_batch_with_the_reason(
    local: Session, tmp_path: Path
) -> None:
    """It runs nothing, and once the file is back the session goes on where it was."""
    source, sentinel = tmp_path / "source", tmp_path / "sentinel"
    bring(source, 1, 2, 3, 4)
    steps: tuple[Step, Step] = (
        ("src", "toy.count", {"folder": source}, {}),
        ("total", "toy.total", {"full": 4}, {"number": "src"}),
    )
    running = local.start(*steps)
    wait_for(lambda: queries.results(local.store(), "total"))
    running.stop()
    with local.store().read() as connection:
        chosen = select(t.result.c.checkpoint).where(t.result.c.checkpoint != "")
        (name,) = connection.execute(chosen).scalars()
    checkpoint = local.folder / name
    kept = checkpoint.read_bytes()
    checkpoint.write_bytes(pickle.dumps(Trap(sentinel)))
    record_size(local, name)  # of another size it would be made again
    attempt._states.clear()  # as in another process
    bring(source, 5, 6)
    (source / "closed").touch()
    assert not local.run(*steps).complete
    (alert,) = queries.alerts(local.store())
    assert f"the checkpoint {checkpoint} cannot be read: it is a pickle" in alert.message
    assert not sentinel.exists()
    checkpoint.write_bytes(kept)
    record_size(local, name)

    send(local.folder, Resume(step="total"))
    assert local.run(*steps).complete
    last = queries.results(local.store(), "total")[-1].outputs["total"]
    assert (last["value"], last["count"], last["final"]) == (21, 6, True)
