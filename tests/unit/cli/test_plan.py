"""`icestream plan`: a small measurement for real, and what it says of one."""

import json
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from icestream.cli import plan as module
from icestream.cli.plan import Simulated, plan
from icestream.engine.graph.workflow import Workflow, save_workflow
from icestream.facility.file import VARIABLE
from icestream.planning.costs import NotPlanned, SessionCosts, StepCost
from icestream.planning.disk import DiskPace, measure_disk
from icestream.planning.rehearsal import Rehearsed
from report_session import SampleSession

COSTS = SessionCosts(
    workflow="default",
    steps=(StepCost(name="align", seconds=6.0, memory=1e9, writes={"micrographs": 1e8}, tasks=9),),
    movie=3e8,
    exposures=9,
)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "no-facility.toml"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What would have been measured; nothing is."""
    seen: list[dict[str, Any]] = []

    def rehearse(workflow: Workflow, camera: object, folder: Path, **more: Any) -> Rehearsed:
        seen.append({"workflow": workflow.name, "camera": camera, "folder": folder, **more})
        return Rehearsed(costs=COSTS, seconds=40.0, making=5.0, cores=2, left_out=("volume",))

    monkeypatch.setattr(module, "rehearse", rehearse)
    monkeypatch.setattr(module, "measure_disk", lambda _: DiskPace(5e8, 1e9, 10**9))
    return seen


def test_a_small_camera_is_measured_for_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "measure_disk", partial(measure_disk, largest=16 * 2**20))
    folder = tmp_path / "sessions"
    folder.mkdir()
    steps = [
        {"name": "import", "protocol": "movies.import", "parameters": {}, "inputs": {}},
        {"name": "align", "protocol": "movies.align", "inputs": {"movie": "import.movie"}},
    ]
    save_workflow(Workflow.from_document({"name": "short", "steps": steps}), tmp_path / "w.json")
    simulated = Simulated(
        camera="K3", workflow="w.json", size=(256, 320), frames=4, pixel_size=1.8,
        dose_per_frame=5.0, particles=4, seconds=0.5,
    )  # fmt: skip
    code = plan(folder, rate=10.0, simulated=simulated, json=True)
    document = json.loads(capsys.readouterr().out)
    (align,) = document["measured"]["steps"]
    assert align["name"] == "align"
    assert align["tasks"] >= 1
    assert 0 < align["seconds"] < 60
    assert align["writes"]["micrographs"] >= 256 * 320 * 4
    assert document["measured"]["movie"] > 0
    assert document["measured"]["machine"]["write"] > 0
    assert "320 x 256 pixels, 4 frames" in document["measured"]["how"][0]
    able = document["measured"]["machine"]["cores"] * 3600 / document["measured"]["seconds"]
    assert document["limits"]["cores"] == pytest.approx(able)
    assert code == (0 if document["able"]["all"] >= 10.0 else 1)
    assert list(folder.iterdir()) == []


def test_people_read_what_follows_what_was_measured_and_what_was_assumed(
    tmp_path: Path, asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan(tmp_path, microscopes=3, rate=1e5, keep=("raw=21",)) == 1
    said = capsys.readouterr().out
    assert "too slow" in said
    assert "what 3 microscopes at 100000 movies/h need" in said
    assert "\nmeasured, workflow default\n" in said
    assert "\nassumed\n" in said
    assert "raw\t2.16 PB\t21 days\t" in said
    (one,) = asked
    assert (one["workflow"], one["folder"], one["particles"]) == ("default", tmp_path, 300)
    assert one["camera"].name == "K3"


def test_it_keeps_up_with_little(tmp_path: Path, asked: list[dict[str, Any]]) -> None:
    assert (
        plan(tmp_path / "not" / "there" / "yet", rate=1.0, simulated=Simulated(camera="falcon 4i"))
        == 0
    )
    assert asked[0]["folder"] == tmp_path
    assert asked[0]["camera"].container == "eer"


def test_a_session_says_what_its_exposures_cost(
    tmp_path: Path, asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    sample = SampleSession(tmp_path / "grid", start=0.0)
    with closing(sample.store):
        sample.grow(30)
    plan(from_=tmp_path / "grid", rate=1.0, json=True)
    document = json.loads(capsys.readouterr().out)
    assert asked == []
    assert {"align", "ctf", "pick"} <= {step["name"] for step in document["measured"]["steps"]}
    assert document["measured"]["how"][0].endswith("grid, which has 30 exposures")


def test_the_rules_of_the_facility_say_how_long_data_stay(
    write_facility: Any, asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_facility('[keep]\nact = true\nundo = "7 d"\n[keep.raw]\nafter = "20 d"\n')
    plan(json=True, rate=100.0)
    document = json.loads(capsys.readouterr().out)
    assert document["stays"]["raw"]["days"] == 28.0
    assert str(path) in document["assumed"][-1]
    assert asked


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"rate": 0.0}, "rate is 0"),
        ({"microscopes": 0}, "microscopes is 0"),
        ({"simulated": Simulated(camera="K9")}, "no camera 'K9'"),
        ({"simulated": Simulated(workflow="defalt")}, "no workflow 'defalt'"),
        ({"simulated": Simulated(size=(64, 64))}, "size is 64"),
        ({"simulated": Simulated(frames=0)}, "frames is 0"),
        ({"keep": ("movies=2",)}, "no class of data 'movies'"),
        ({"simulated": Simulated(particles=0)}, "particles is 0"),
        ({"simulated": Simulated(seconds=-1.0)}, "seconds is -1"),
        ({"from_": Path("nowhere")}, "nowhere"),
        (
            {"from_": Path("nowhere"), "simulated": Simulated(camera="K3", dose_per_frame=5)},
            "--camera, --dose-per-frame beside --from",
        ),
    ],
)
def test_what_cannot_be_planned_is_said(
    given: dict[str, Any], told: str, tmp_path: Path, asked: list[dict[str, Any]]
) -> None:
    with pytest.raises((ValueError, LookupError, OSError), match=told):
        plan(tmp_path, **given)
    assert asked == []


def test_a_file_is_no_folder(tmp_path: Path, asked: list[dict[str, Any]]) -> None:
    (tmp_path / "letter.txt").touch()
    with pytest.raises(NotPlanned, match="letter.txt is no folder"):
        plan(tmp_path / "letter.txt")
    assert asked == []
