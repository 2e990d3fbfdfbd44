"""What Topaz is told, what is believed of what it leaves, and who is told of its lessons."""

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icestream.formats import write_mrc
from icestream.formats.parquet import write_columns
from icestream.model import Alert, Classes, Micrograph, Optics, column
from icestream.protocol import BadOutput, Batch, ItemFailed, TryAgain, Window, Work, missing
from icestream.protocol.conformance import problems
from icestream_topaz.denoise_with_topaz import DenoiseWithTopaz
from icestream_topaz.examples import read_examples, spread
from icestream_topaz.images import automatic_downscale, normalize, shrink
from icestream_topaz.model import TopazModel
from icestream_topaz.monitor_topaz_classes import MonitorTopazClasses, TopazLessons
from icestream_topaz.monitor_topaz_model import MonitorTopazModel
from icestream_topaz.pick_with_topaz import PickWithTopaz, TopazPicking
from icestream_topaz.tables import read_picks
from icestream_topaz.train_topaz import TopazTraining, TrainTopaz, read_best_epoch

SOURCE = Path(__file__).parents[1] / "src" / "icestream_topaz"
ALL: tuple[type[Any], ...] = (
    DenoiseWithTopaz,
    MonitorTopazClasses,
    MonitorTopazModel,
    PickWithTopaz,
    TrainTopaz,
)
HEADER = "image_name\tx_coord\ty_coord\tscore\n"


@pytest.fixture
def item(tmp_path: Path) -> Micrograph:
    image = np.random.default_rng(1).normal(0, 1, (90, 121)).astype(np.float32)
    path = write_mrc(tmp_path / "a.mrc", image, 2.0)
    optics = Optics(pixel_size=2.0, voltage=300.0)
    return Micrograph(exposure="a", path=path, shape=(90, 121), optics=optics)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    folder = tmp_path / "work"
    folder.mkdir()
    return Work(folder=folder, exposure="a", cores=3)


@pytest.mark.parametrize("kind", ALL)
def test_they_keep_the_rules(kind: type[Any]) -> None:
    assert problems(kind) == []


def test_topaz_is_never_imported_and_of_icestream_only_what_a_plugin_may() -> None:
    allowed = {"units", "model", "formats", "processing", "protocol"}
    for path in SOURCE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                layers = name.split(".")
                assert layers[0] not in ("topaz", "torch"), (path.name, name)
                assert layers[0] != "icestream" or layers[1] in allowed, (path.name, name)


def test_the_arguments_are_the_programs_own(item: Micrograph, work: Work) -> None:
    said = PickWithTopaz(TopazPicking(diameter=156.0, patch=512)).command(item, work).argv
    assert " ".join(said) == (
        "topaz extract -m resnet16 -r 17 -t 0 -p 512 -d -1 -j 3 -o picks.txt small.mrc"
    )
    taught = TopazPicking(trained=Path("/x/m.sav"), trained_downscale=2, diameter=156.0, radius=40)
    said = PickWithTopaz(taught).command(item, replace(work, gpus=(3,))).argv
    assert said[2:10] == ("-m", "/x/m.sav", "-r", "10", "-t", "-2", "-d", "0")
    beside = PickWithTopaz(TopazPicking(trained=Path("m.sav"))).command(item, work).argv
    assert beside[3] == str(Path.cwd() / "m.sav")
    said = DenoiseWithTopaz().command(item, work).argv
    assert " ".join(said) == (
        "topaz denoise --model unet --arch unet --patch-size 1024 --patch-padding 500 -d -1 -j 3 "
        "-o denoised noisy.mrc"
    )
    assert automatic_downscale(128.0, 0.8) == 6
    whole, parts = (PickWithTopaz(TopazPicking(patch=patch)).need() for patch in (0, 256))
    assert 4 * 2**30 < DenoiseWithTopaz().need().memory < 6 * 2**30
    assert 4 * 2**30 < whole.memory < 6 * 2**30 and parts.memory < 2 * 2**30
    assert automatic_downscale(30.0, 4.0) == 1


def test_the_ice_becomes_0_and_1_however_many_particles_there_are() -> None:
    rng = np.random.default_rng(2)
    for share in (0.0, 0.05, 0.3):
        ice = rng.normal(500.0, 20.0, (400, 400))
        dark = rng.random((400, 400)) < share
        made = normalize((ice - 110.0 * dark).astype(np.float32))
        assert abs(made[~dark].mean()) < 0.1 and abs(made[~dark].std() - 1) < 0.1
    assert not normalize(np.full((8, 8), 3.0, np.float32)).any()


def test_a_place_stays_where_it_is_in_a_smaller_image() -> None:
    y, x = np.mgrid[:100, :131]
    image = np.exp(-((x - 60) ** 2 + (y - 33) ** 2) / 50.0).astype(np.float32)
    small = shrink(image, 3)
    assert small.shape == (33, 43)
    at = np.unravel_index(small.argmax(), small.shape)
    assert abs(at[0] * 100 / 33 - 33) < 1.6 and abs(at[1] * 131 / 43 - 60) < 1.6


def test_picks_are_read_in_pixels_of_the_micrograph(tmp_path: Path) -> None:
    path = tmp_path / "picks.txt"
    path.write_text(f"{HEADER}small\t40\t10\t2.5\nsmall\t0\t0\t-1\n")
    found = read_picks(path, (91, 125), 3)  # 30 x 41 small pixels
    np.testing.assert_allclose(found.x, [40 * 125 / 41, 0], rtol=1e-6)
    np.testing.assert_allclose(found.y, [10 * 91 / 30, 0], rtol=1e-6)
    np.testing.assert_allclose(found.score, [2.5, -1])
    path.write_text(HEADER)
    assert len(read_picks(path, (91, 125), 3).x) == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "half-output"),
        ("Traceback\n", "garbage-output"),
        (f"{HEADER}small\t40\t10\t2.5\nsmall\t1", "half-output"),
        (f"{HEADER}small\t41\t10\t2.5\n", "garbage-output"),
        (f"{HEADER}small\t40\tten\t2.5\n", "garbage-output"),
        (f"{HEADER}small\t40\t10\tnan\n", "garbage-output"),
        (f"{HEADER}40\t10\t2.5\n", "garbage-output"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "picks.txt"
    path.write_text(text)
    with pytest.raises(BadOutput) as told:
        read_picks(path, (91, 125), 3)
    assert told.value.code == code


@pytest.mark.parametrize(
    ("script", "kind", "code"),
    [
        ("echo 'RuntimeError: CUDA out of memory. Tried'; exit 1", TryAgain, "no-gpu-memory"),
        (
            "echo 'RuntimeError: operator torchvision::nms does not exist'; exit 1",
            ItemFailed,
            "torchvision-other-build",
        ),
        ("echo \"No module named 'torch' (ModuleNotFoundError)\"; exit 1", ItemFailed, "no-topaz"),
        ("echo 'RuntimeError: Could not load resource a'; exit 1", ItemFailed, "no-pkg-resources"),
        ("echo 'OSError: No space left on device'; exit 1", ItemFailed, "no-place"),
        ("exit 0", BadOutput, "no-output"),
        (f"printf '{HEADER}a\\t1' > picks.txt", BadOutput, "half-output"),
        ("sleep 60", ItemFailed, "program-late"),
    ],
)
def test_failures_are_named(
    item: Micrograph,
    work: Work,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    kind: type[Any],
    code: str,
) -> None:
    stand_in = tmp_path / "topaz"
    stand_in.write_text(f"#!/bin/sh\n{script}\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(kind) as told:
        PickWithTopaz(TopazPicking(timeout=1.0 if "sleep" in script else 60.0)).process(
            item, work=work
        )
    assert told.value.code == code


@pytest.mark.parametrize(("said", "words"), [("0.2.5", "not known here"), ("0.3.20", "")])
def test_the_version_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, words: str
) -> None:
    stand_in = tmp_path / "topaz"
    stand_in.write_text(f"#!/bin/sh\necho TOPAZ {said}\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    told = " ".join(missing(TrainTopaz()))
    assert words in told and bool(told) == bool(words)


def table(path: Path, names: tuple[str, ...] = ("a", "b")) -> Path:
    """Two particles of each exposure in class 2, and one in class 1."""
    count = 3 * len(names)
    columns = {
        "exposure": np.repeat(np.arange(len(names), dtype=np.int32), 3),
        "x": np.arange(count, dtype=np.float32) * 100,
        "y": np.full(count, 50, np.float32),
        "class": np.tile(np.array([2, 1, 2], np.int32), len(names)),
        "shift_x": np.full(count, 4, np.float32),
        "shift_y": np.full(count, -6, np.float32),
    }
    write_columns(path, columns, {"exposure": list(names)})
    return path


def test_examples_are_the_particles_of_good_classes_where_they_were_found(tmp_path: Path) -> None:
    path = table(tmp_path / "t.parquet")
    found = read_examples(path, (2,))
    assert list(found) == ["a", "b"]
    np.testing.assert_allclose(found["b"], [[296, 56], [496, 56]])
    assert sum(map(len, read_examples(path, ()).values())) == 6
    assert read_examples(path, (7,)) == {}
    (tmp_path / "no.parquet").write_bytes(b"PAR1")
    with pytest.raises(ItemFailed, match=r"cannot be read.*2D classification wrote"):
        read_examples(tmp_path / "no.parquet", ())
    assert list(spread("abcdefg", 3)) == ["a", "d", "g"]


@pytest.mark.parametrize(
    ("wanted", "final", "words"),
    [
        ({}, True, "no classes were given"),
        ({"assignments": "t"}, True, "nobody said how large the particle is"),
        ({"assignments": "t", "diameter": 120}, False, "2 of 4 particles in good classes have"),
        ({"assignments": "t", "diameter": 120}, True, "2 particles in good classes: 100 are"),
    ],
)
def test_it_says_why_it_has_learnt_nothing(
    item: Micrograph, work: Work, tmp_path: Path, wanted: dict[str, Any], final: bool, words: str
) -> None:
    if "assignments" in wanted:
        wanted = wanted | {"assignments": table(tmp_path / "t.parquet")}
    step = TrainTopaz(TopazTraining(classes=(2,), **wanted))
    made = step.snapshot(step.start(Batch((item,), final=final), work), work)
    assert made.model is None and words in made.note
    assert words in step.summarize([made])


def test_a_session_that_was_moved_learns_from_the_micrographs_that_it_had(
    item: Micrograph, work: Work, tmp_path: Path
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    (before / "align").mkdir(parents=True)
    path = item.path.rename(before / "align" / "a.mrc")
    wanted = TopazTraining(assignments=table(tmp_path / "t.parquet"), classes=(2,), diameter=120)
    step = TrainTopaz(wanted)
    first = Batch((replace(item, path=path),), final=False)
    step.save(step.start(first, replace(work, session=before)), tmp_path / "state")
    before.rename(after)
    moved = replace(work, session=after)
    state = step.update(step.load(tmp_path / "state"), Batch((), final=True), moved)
    assert "2 particles in good classes: 100 are" in step.snapshot(state, moved).note


CURVE = "epoch\titer\tsplit\tloss\tge_penalty\tprecision\tauprc\n"


def test_the_round_that_does_best_on_others_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "curve.txt"
    lines = [
        f"{epoch}\t1\ttest\t0\t-\t0\t{auprc}" for epoch, auprc in ((1, 0.4), (2, 0.7), (3, 0.6))
    ]
    path.write_text(CURVE + "\n".join(lines) + "\n")
    assert read_best_epoch(path, 3) == (2, 0.7)
    path.write_text(f"{CURVE}3\t1\ttrain\t0\t-\t0\t-\n")
    assert read_best_epoch(path, 3) == (3, None)
    with pytest.raises(BadOutput, match="should tell of 4 rounds"):
        read_best_epoch(path, 4)
    path.write_text("")
    with pytest.raises(BadOutput, match="nothing"):
        read_best_epoch(path, 1)
    for half in ("3", lines[2][:-1], "3\t1\ttest\n"):
        path.write_text(f"{CURVE}{half}")
        with pytest.raises(BadOutput, match="should tell of 3 rounds") as told:
            read_best_epoch(path, 3)
        assert told.value.code == "half-output"
    path.unlink()
    with pytest.raises(BadOutput, match=r"curve\.txt was not written") as told:
        read_best_epoch(path, 3)
    assert told.value.code == "no-output"


def classes(folder: Path, counts: tuple[int, ...], selected: tuple[int, ...] | None) -> Classes:
    y, x = np.mgrid[:32, :32] - 16
    ball = np.sqrt(np.clip(10.0**2 - x**2 - y**2, 0, None)).astype(np.float32)
    path = write_mrc(folder / "c.mrcs", np.repeat(ball[None], len(counts), axis=0), 5.0)
    many = column(np.ones(len(counts)))
    return Classes(
        averages=path,
        box=32,
        pixel_size=5.0,
        counts=column(counts),
        resolution=many,
        score=many,
        assignments=folder / "c.parquet",
        particles=sum(counts),
        iteration=1,
        selected=None if selected is None else column(selected),
    )


def inspected(monitor: Any, item: Any) -> list[Alert]:
    return list(monitor.inspect(Window((item,))))


def test_good_classes_become_lessons(tmp_path: Path) -> None:
    monitor = MonitorTopazClasses(TopazLessons(first=500, again=1500))
    assert inspected(monitor, classes(tmp_path, (300, 199, 700), (1, 1, 0))) == []
    (first,) = inspected(monitor, classes(tmp_path, (300, 200, 700), (1, 1, 0)))
    assert first.key == "topaz.classes.first" and first.offer is not None
    changes = dict(first.offer.changes)
    assert 80 < changes.pop("measured_diameter") < 110
    assert changes == {"assignments": str(tmp_path / "c.parquet"), "classes": [1, 2]}
    assert TopazTraining.model_validate(first.offer.changes).classes == (1, 2)
    both = inspected(monitor, classes(tmp_path, (1300, 200, 700), (1, 1, 0)))
    assert [one.key for one in both] == ["topaz.classes.first", "topaz.classes.again"]
    (said,) = inspected(monitor, classes(tmp_path, (500, 4000), (1, 0)))
    assert said.key == "topaz.unclear" and said.offer is None


def test_a_model_is_offered_to_the_picker_if_it_is_good(tmp_path: Path) -> None:
    monitor = MonitorTopazModel()
    assert inspected(monitor, TopazModel(iteration=1, note="no classes")) == []
    made = TopazModel(
        iteration=2,
        micrographs=40,
        particles=900,
        model=tmp_path / "m.sav",
        downscale=4,
        precision=0.8,
    )
    (alert,) = inspected(monitor, made)
    assert alert.offer is not None and alert.offer.automatic
    made.model.write_bytes(b"model")  # type: ignore[union-attr]
    taught = TopazPicking.model_validate(alert.offer.changes)
    assert (taught.trained, taught.factor_for(1.0)) == (made.model, 4)
    assert inspected(monitor, replace(made, iteration=3))[0].key == alert.key
    (untested,) = inspected(monitor, replace(made, precision=None))
    assert untested.offer is not None and not untested.offer.automatic
    (poor,) = inspected(monitor, replace(made, precision=0.1))
    assert poor.offer is None and "is not used" in poor.message
