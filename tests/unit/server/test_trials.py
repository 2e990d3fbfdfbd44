"""Sessions of one exposure that were begun to see whether parameters are right."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from icestream.server.context import Server
from icestream.server.trials import Trials, TrialSession
from icestream.settings import load
from icestream.starting.begin import Started


@pytest.fixture
def trials(tmp_path: Path) -> Iterator[Trials]:
    loaded = load(state=tmp_path / "state")
    with closing(Server([tmp_path], loaded)) as server, closing(Trials(server)) as made:
        yield made


def _trial(folder: Path, code: str) -> TrialSession:
    log = folder / "log"
    process = subprocess.Popen([sys.executable, "-c", code])
    log.write_text("$ icestream run\nicestream: no movie\n")
    return TrialSession(folder, Started(folder, process, log))


def test_one_that_ends_without_an_exposure_has_failed(trials: Trials) -> None:
    trial = _trial(trials.new_folder(), "pass")
    name = trials.add(trial)
    trial.started.process.wait(30)
    assert trials.get(name) is trial
    assert (trial.runs, trial.exposure, trial.failure) == (False, None, "no movie")
    assert trials.get("other") is None


def test_only_a_few_run_at_once_and_all_end_with_the_server(trials: Trials) -> None:
    running = [_trial(trials.new_folder(), "import time; time.sleep(100)") for _ in range(2)]
    for trial in running:
        assert not trials.full
        trials.add(trial)
    assert trials.full
    assert running[0].failure == ""
    trials.close()
    for trial in running:
        assert trial.started.process.wait(30) != 0


def test_old_ones_are_removed(trials: Trials) -> None:
    folders = [trials.new_folder() for _ in range(25)]
    left = [folder for folder in folders if folder.exists()]
    assert len(left) == 20
    assert folders[-1] in left
