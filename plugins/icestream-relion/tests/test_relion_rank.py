"""RELION's classes are scored by its class ranker: the classes are real, the ranker is played."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from icestream.formats import read_star
from icestream.protocol import BadOutput, Batch, ItemFailed, Work
from icestream_relion.classify_2d import ClassifyWithRelion, RelionClassParameters
from icestream_relion.items import RelionParticles
from icestream_relion.join_particles import JoinParticles
from icestream_relion.rank_classes import rank_classes, ranker_lacking

MakeWork = Callable[..., Work]
Install = Callable[..., Path]
RANKED: dict[str, Any] = {
    "scores": "class_ranker", "classes": 2, "iterations": 1, "angle_step": 20, "offset_step": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def particles(make_particles: Any, tmp_path_factory: pytest.TempPathFactory) -> RelionParticles:
    work = Work(folder=tmp_path_factory.mktemp("join"))
    items = tuple(make_particles(exposures=2, each=20).items)
    return JoinParticles().snapshot(JoinParticles().start(Batch(items, final=True), work), work)


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts what scores the classes, a line of shell, where RELION 4 and 5 look for it."""

    def write(said: str) -> Path:
        path = tmp_path / "bin" / "relion_python_classranker"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{said}\n")
        path.chmod(0o755)
        monkeypatch.setenv("RELION_PYTHON_EXECUTABLE", str(path))
        return path

    return write


@pytest.mark.parametrize("version", ["4.0.1", "5.0.1"])
def test_scores_are_those_of_the_class_ranker(
    needs: Callable[..., None],
    work: MakeWork,
    particles: RelionParticles,
    install: Install,
    network: Callable[[str], Path],
    version: str,
) -> None:
    needs("relion_refine")
    install("relion_class_ranker", version)
    network("printf '0.75 1.25 '")
    protocol = ClassifyWithRelion(RelionClassParameters(**RANKED))
    classes, table = protocol.process(particles, work())
    np.testing.assert_allclose(np.asarray(classes.score), [0.75, 1.0])
    assert table.particles == 40 and protocol.methods().endswith("and scored by its class ranker.")
    said = work().path("relion_class_ranker.command.log").read_text()
    assert "--opt refine/run_it001_optimiser.star --o rank/ --fn_root rank" in said


FEW = """
data_optimiser_general

_rlnDoCorrectCtf 1
_rlnModelStarFile refine/run_it001_model.star
_rlnExperimentalDataStarFile refine/run_it001_data.star
"""
MODEL = """
data_model_classes

loop_
_rlnReferenceImage #1
_rlnClassDistribution #2
1@refine/run_it001_classes.mrcs 0.5
2@refine/run_it001_classes.mrcs 0.1
3@refine/run_it001_classes.mrcs 0.4
"""


@pytest.fixture
def ranked(work: MakeWork) -> Path:
    """The last files of a classification into three classes, one of them of four particles."""
    run = work().folder / "refine" / "run_it001"
    run.parent.mkdir()
    run.with_name("run_it001_optimiser.star").write_text(FEW)
    run.with_name("run_it001_model.star").write_text(MODEL)
    data = "data_particles\n\nloop_\n_rlnImageName #1\n" + "1@a.mrcs\n" * 40
    run.with_name("run_it001_data.star").write_text(data)
    return run


def test_a_class_that_it_says_nothing_of_has_no_score(
    work: MakeWork, ranked: Path, install: Install, network: Callable[[str], Path]
) -> None:
    install("relion_class_ranker", "5.0.1")
    network("printf '%s ' -0.125 0.5")
    found = rank_classes(ranked, 3, work())
    assert found.tolist() == [0.0, 0.0, 0.5]
    written = read_star(work().folder / "rank" / "rank_model.star")["model_classes"]
    assert written.floats("rlnClassScore").tolist() == [-0.125, -999.0, 0.5]


@pytest.mark.parametrize(
    ("version", "said", "kind", "code"),
    [
        ("4.0.1", "echo \"No module named 'torch'\" >&2; exit 1", ItemFailed, "no-torch"),
        ("5.0.1", "echo \"No module named 'torch'\" >&2; exit 1", ItemFailed, "no-torch"),
        ("4.0.1", "printf '0.5 '", ItemFailed, "no-scores"),
        ("5.0.1", "printf '0.5 '", ItemFailed, "no-scores"),
        ("5.0.1", "printf 'nan 0.5 '", BadOutput, "garbage-output"),
        ("5.0.1", "printf '0.5 0.5 '; rm refine/run_it001_model.star", BadOutput, "no-scores"),
    ],
)
def test_failures_are_named(
    work: MakeWork,
    ranked: Path,
    install: Install,
    network: Callable[[str], Path],
    version: str,
    said: str,
    kind: type[ItemFailed],
    code: str,
) -> None:
    install("relion_class_ranker", version)
    network(said)
    with pytest.raises(kind) as told:
        rank_classes(ranked, 4 if "rm" in said else 3, work())
    assert told.value.code == code and "scores to own" in told.value.advice


def test_a_network_that_is_not_there_is_told(
    work: MakeWork, ranked: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RELION_PYTHON_EXECUTABLE", raising=False)
    protocol = ClassifyWithRelion(RelionClassParameters(**RANKED))
    for version, said in (
        ("4.0.1", "set RELION_PYTHON_EXECUTABLE in the environment"),
        ("5.0.1", "relion_python_classranker is neither beside"),
    ):
        install("relion_refine", version)
        install("relion_class_ranker", version)
        (lacking,) = protocol.lacking()
        assert said in lacking
        with pytest.raises(ItemFailed) as told:
            rank_classes(ranked, 3, work())
        assert told.value.code == "no-torch"


def test_versions_without_it_are_told(install: Install, network: Callable[[str], Path]) -> None:
    network("exit 0")
    install("relion_refine", "3.1.3")
    install("relion_class_ranker", "5.0.1")
    protocol = ClassifyWithRelion(RelionClassParameters(**RANKED))
    (said,) = protocol.lacking()
    assert (
        "RELION 3.1.3-commit-0123ab does not have it" in said
        and "install RELION 4 or newer" in said
    )
    assert [program.executable for program in protocol.programs()][1:] == ["relion_class_ranker"]
    assert not ClassifyWithRelion().lacking() and len(ClassifyWithRelion().programs()) == 1
    for version in ("4.0.1", "5.0.1"):
        install("relion_class_ranker", version)
        assert not ranker_lacking(version)


def test_classes_without_the_ctf_are_not_ranked() -> None:
    with pytest.raises(ValidationError, match="wants classes with use_ctf on"):
        RelionClassParameters(scores="class_ranker", use_ctf=False)
