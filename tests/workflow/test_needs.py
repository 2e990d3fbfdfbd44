"""What is missing on the machine is known before anything fails, and mended while it runs."""

import os
from pathlib import Path

import pytest

from icestream.engine.requests.models import Resume
from icestream.engine.requests.send import answer_of, send
from icestream.store import queries
from toy_session import Session, wait_for

STEPS = (
    ("src", "toy.count", {"count": 4}, {}),
    ("answer", "toy.answer", {}, {"number": "src"}),
    ("a", "toy.add", {}, {"number": "src"}),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the PATH, where there is no program yet."""
    made = tmp_path / "programs"
    made.mkdir()
    monkeypatch.setenv("PATH", f"{made}{os.pathsep}{os.environ['PATH']}")
    return made


def install(folder: Path, version: str) -> None:
    program = folder / "toy-answer.new"
    program.write_text(f"#!/bin/sh\necho toy-answer {version}\n")
    program.chmod(0o755)
    program.rename(folder / "toy-answer")


def test_a_step_without_its_program_is_paused_at_once_and_the_others_go_on(
    local: Session, folder: Path
) -> None:
    outcome = local.run(*STEPS)
    assert (outcome.state, outcome.complete) == ("stopped", False)
    store = local.store()
    (alert,) = queries.alerts(store)
    assert (alert.step, alert.key, alert.level) == ("answer", "step.paused", "critical")
    assert "'toy-answer' is not installed" in alert.message
    counts = {one.name: one.counts for one in queries.steps(store)}
    assert (counts["answer"].failed, counts["answer"].ready, counts["a"].done) == (0, 4, 4)
    install(folder, "1.0")
    send(local.folder, Resume(step="answer"))
    assert local.run(*STEPS).complete
    assert queries.alerts(store) == ()


def test_a_step_is_not_resumed_as_long_as_its_program_is_missing(
    local: Session, folder: Path, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "e1").write_text("1")
    running = local.start(("src", "toy.count", {"folder": files}, {}), *STEPS[1:])
    wait_for(lambda: queries.alerts(local.store()))
    token = send(local.folder, Resume(step="answer"))
    verdict, said = answer_of(local.folder, token, timeout=20.0)
    assert verdict == "refused"
    assert said.startswith("answer cannot go on: the program 'toy-answer' is not installed")
    install(folder, "1.0")
    assert answer_of(local.folder, send(local.folder, Resume(step="answer")), timeout=20.0)[0] == (
        "done"
    )
    wait_for(lambda: queries.step(local.store(), "answer").counts.done == 1)
    (files / "closed").touch()
    assert running.join().complete


def test_another_version_of_a_program_is_another_revision_and_runs_again(
    local: Session, folder: Path
) -> None:
    install(folder, "1.0")
    local.run(*STEPS)
    store = local.store()
    before = {one.exposure: one.key for one in queries.results(store, "answer")}
    local.run(*STEPS)
    assert queries.step(store, "answer").revision == 1
    install(folder, "1.1")
    assert local.run(*STEPS).complete
    steps = {one.name: one for one in queries.steps(store)}
    assert (steps["answer"].revision, steps["a"].revision) == (2, 1)
    assert (steps["answer"].counts.done, steps["answer"].counts.reused) == (4, 0)
    after = {one.exposure: one.key for one in queries.results(store, "answer")}
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())
    install(folder, "1.0")  # back: what it made then is there
    local.run(*STEPS)
    assert queries.step(store, "answer").revision == 1
    assert {one.exposure: one.key for one in queries.results(store, "answer")} == before


def test_a_program_is_asked_for_its_version_once_in_a_session(
    local: Session, folder: Path, tmp_path: Path
) -> None:
    """Tasks are handed what was found, and keep the version above their command line."""
    asked, ran = tmp_path / "asked", tmp_path / "ran"
    path = folder / "toy-answer"
    path.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo asked >> {asked} || echo ran >> {ran}\necho 4.2\n'
    )
    path.chmod(0o755)
    assert local.run(*STEPS).complete
    assert ran.read_text().count("ran") == 4
    assert asked.read_text().count("asked") == 1
    logs = sorted(local.folder.rglob("*toy-answer.command.log"))
    assert len(logs) == 4
    assert all(log.read_text().startswith(f"# toy-answer 4.2\n{path} ") for log in logs)


def test_a_program_that_is_replaced_in_a_session_is_not_run_under_its_old_version(
    local: Session, folder: Path, tmp_path: Path
) -> None:
    install(folder, "1.0")
    files = tmp_path / "files"
    files.mkdir()
    (files / "e1").write_text("1")
    running = local.start(("src", "toy.count", {"folder": files}, {}), *STEPS[1:])
    wait_for(lambda: queries.step(local.store(), "answer").counts.done == 1)
    install(folder, "1.0.1")
    (files / "e2").write_text("2")
    wait_for(lambda: queries.step(local.store(), "answer").counts.failed == 1)
    (files / "closed").touch()
    assert running.join().exposures["failed"] == 1
    (failed,) = queries.failures(local.store(), step="answer")
    assert "not the program any more that said it was version 1.0 when" in failed.reason
