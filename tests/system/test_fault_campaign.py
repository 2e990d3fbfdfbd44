"""A session lives through faults of fixed seeds; the long form is benchmarks/fault_campaign.py."""

from pathlib import Path

import pytest

from nemesis.faults import FAULTS
from nemesis.run import Prepared, prepared, run

RUNS = {1: ("worker-killed", "disk-full", "power-cut")}
"""Seeds, and the faults that happen at moments that they decide."""


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Movies, and what an undisturbed session makes of them."""
    return prepared(tmp_path_factory.mktemp("common"))


@pytest.mark.slow
@pytest.mark.timeout(1800)  # it waits for what comes, whatever else the machine does
@pytest.mark.parametrize(("seed", "faults"), RUNS.items())
def test_nothing_is_wrong_after_the_faults_of_a_seed(
    common: Prepared, tmp_path: Path, seed: int, faults: tuple[str, ...]
) -> None:
    done = run(seed, common, tmp_path / "run", faults=faults, image=tmp_path / "disk.img")
    assert not any(done.wrong.values()), (done.faults, done.wrong)
    happened = [name for name, said in done.faults if not said.startswith("not: ")]
    able = [fault.name for fault in FAULTS if done.disk or not fault.disk]
    assert happened == [name for name in faults if name in able]
    assert done.answers >= 3
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "disk.img").exists()


def test_faults_have_names_of_their_own_and_say_how_they_are_done() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(fault.how for fault in FAULTS)
