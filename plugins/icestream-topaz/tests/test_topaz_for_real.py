"""Topaz itself is run: it picks, denoises and learns, and is told what it takes."""

import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from icestream.formats import read_mrc, write_mrc
from icestream.formats.parquet import write_columns
from icestream.model import Micrograph, Optics
from icestream.processing.picking import match_peaks
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.specimen import Specimen
from icestream.processing.simulate.transfer import Aberrations
from icestream.protocol import Batch, ItemFailed, Work, missing
from icestream.simulator.load import load_specimen
from icestream_topaz.denoise_with_topaz import DenoiseWithTopaz, TopazDenoising
from icestream_topaz.images import normalize, shrink
from icestream_topaz.pick_with_topaz import PickWithTopaz, TopazPicking
from icestream_topaz.program import TOPAZ
from icestream_topaz.train_topaz import TopazTraining, TrainTopaz

PIXEL = 2.0
SHAPE = (775, 581)
"""No multiples of the factor 2, by which it is made smaller."""


def simulated(seed: int, shape: tuple[int, int] = SHAPE) -> tuple[np.ndarray, np.ndarray]:
    """A micrograph, and where its particles are, ``(n, 2)`` (x, y)."""
    rng = np.random.default_rng(seed)
    camera = make_camera(rng, shape)
    conditions = Conditions(
        optics=Optics(pixel_size=PIXEL, voltage=300.0),
        aberrations=Aberrations(defocus_u=20000.0, defocus_v=20000.0, angle=0.0),
        particles=30,
        frames=1,
        dose_per_frame=31.0,
    )
    truth, frames = simulate_movie(conditions, brick(), camera, rng)
    image = (next(iter(frames)) * camera.gain).astype(np.float32)
    low, high = np.quantile(image[camera.gain > 0], (0.0001, 0.9999))
    image = np.clip(np.where(camera.gain > 0, image, np.median(image)), low, high)
    return image, np.column_stack([truth.particles.x, truth.particles.y])


@cache
def brick() -> Specimen:
    """Some particle."""
    return load_specimen("brick")


def micrograph(folder: Path, image: np.ndarray, name: str = "a b") -> Micrograph:
    path = write_mrc(folder / f"{name}.mrc", image, PIXEL)
    optics = Optics(pixel_size=PIXEL, voltage=300.0)
    return Micrograph(exposure=name, path=path, shape=image.shape, optics=optics)


def work(folder: Path, gpus: tuple[int, ...] = ()) -> Work:
    # A blank in the name, as sessions may have.
    inside = folder / "a task"
    inside.mkdir()
    return Work(folder=inside, exposure="a b", gpus=gpus)


def test_it_picks_what_is_there_and_says_where(topaz: Path, tmp_path: Path) -> None:
    assert missing(PickWithTopaz()) == ()
    assert TOPAZ.version().startswith("0.3")
    image, true = simulated(1)
    diameter = brick().diameter
    picks = PickWithTopaz(TopazPicking(diameter=diameter, model="resnet8_u32")).process(
        micrograph(tmp_path, image), work=work(tmp_path)
    )
    matches = match_peaks((picks.x, picks.y), (true[:, 0], true[:, 1]), diameter / 2 / PIXEL)
    assert len(matches.pairs) > 0.8 * len(true) and len(matches.pairs) > 0.8 * len(picks)
    found = np.column_stack([picks.x, picks.y])[matches.pairs[:, 0]]
    # It tells places in whole pixels of the small image, 2 of the micrograph.
    assert np.abs((found - true[matches.pairs[:, 1]]).mean(axis=0)).max() < 2.0
    assert picks.diameter == diameter and (np.diff(picks.score) <= 0).all()


def test_images_are_made_as_topaz_makes_them(topaz: Path, tmp_path: Path) -> None:
    image, _ = simulated(2, (800, 640))
    write_mrc(tmp_path / "a.mrc", image, PIXEL)
    command = [str(topaz), "preprocess", "-s", "4", "--sample", "1", "-d", "-1", "a.mrc"]
    subprocess.run([*command, "-o", "small"], cwd=tmp_path, check=True, capture_output=True)
    theirs, ours = read_mrc(tmp_path / "small" / "a.mrc"), normalize(shrink(image, 4))
    assert theirs.shape == ours.shape == (200, 160)
    slope, offset = np.polyfit(ours.ravel(), theirs.ravel(), 1)
    assert abs(slope - 1) < 0.1 and abs(offset) < 0.1
    assert np.abs(theirs - ours).std() < 0.1


def test_it_denoises(topaz: Path, tmp_path: Path) -> None:
    image, _ = simulated(3, (160, 180))
    noisy = replace(micrograph(tmp_path, image), odd=tmp_path / "odd.mrc")
    wanted = TopazDenoising(model="unet-small", patch=0)
    made = DenoiseWithTopaz(wanted).process(noisy, work=work(tmp_path))
    denoised = read_mrc(made.path)
    assert denoised.shape == made.shape == image.shape
    assert denoised.std() < 0.7 * image.std()
    assert np.corrcoef(denoised.ravel(), image.ravel())[0, 1] > 0.3
    assert made.odd is None and made.thumbnail is not None and made.thumbnail.is_file()
    log = (tmp_path / "a task" / "topaz.log").read_text()
    assert "unet_small_L1" in log  # the network that was asked for, not the usual one


def test_it_learns_from_classes_and_goes_on_after_a_stop(topaz: Path, tmp_path: Path) -> None:
    rows, items = [], []
    for number in range(6):
        image, true = simulated(10 + number)
        items.append(micrograph(tmp_path, image, f"e {number}"))
        rows += [(number, *(place * PIXEL)) for place in true]
    exposure, x, y = np.array(rows).T
    table = tmp_path / "classes.parquet"
    columns = {
        "exposure": exposure.astype(np.int32),
        "x": (x + 5).astype(np.float32),
        "y": (y - 7).astype(np.float32),
        "class": np.full(len(rows), 2, np.int32),
        "shift_x": np.full(len(rows), 5, np.float32),
        "shift_y": np.full(len(rows), -7, np.float32),
    }
    columns["class"][::10] = 1
    write_columns(table, columns, {"exposure": [item.exposure for item in items]})
    wanted = TopazTraining(
        assignments=table,
        classes=(2,),
        measured_diameter=brick().diameter,
        epochs=2,
        updates=2,
        minibatch=16,
    )
    step = TrainTopaz(wanted)
    first = Work(folder=tmp_path / "1", exposure="1")
    first.folder.mkdir()
    state = step.start(Batch(tuple(items[:3])), first)
    made = step.snapshot(state, first)
    assert made.model is None and "have come" in made.note
    step.save(state, tmp_path / "state")

    second = Work(folder=tmp_path / "2", exposure="2")
    second.folder.mkdir()
    state = step.update(step.load(tmp_path / "state"), Batch(tuple(items[3:])), second)
    made = step.snapshot(state, second)
    learnt = (columns["class"] == 2) & (exposure != 4)  # the fifth was kept back
    assert (made.micrographs, made.particles, made.downscale) == (
        5,
        learnt.sum(),
        2,
    )
    assert made.precision is not None and 0 < made.precision <= 1
    targets = np.loadtxt(second.folder / "train_targets.txt", skiprows=1, usecols=(1, 2))
    centres = (np.column_stack([x, y]) / (2 * PIXEL))[learnt]
    np.testing.assert_allclose(targets, centres, atol=0.51)

    assert made.model is not None
    picking = TopazPicking(
        trained=made.model, trained_downscale=2, diameter=brick().diameter, threshold=-6
    )
    picks = PickWithTopaz(picking).process(items[0], work=work(tmp_path))
    assert len(picks) > 10
    third = Work(folder=tmp_path / "3", exposure="3")
    third.folder.mkdir()
    state = step.update(state, Batch((), final=True), third)
    again = step.snapshot(state, third)
    assert again.model is not None and again.model.read_bytes() == made.model.read_bytes()
    assert not list(third.folder.glob("*.log"))  # it did not learn the same once more


def test_a_file_that_is_no_model_is_told(topaz: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.sav"
    bad.write_bytes(b"no model\n" * 20)
    item = micrograph(tmp_path, simulated(4, (90, 90))[0])
    with pytest.raises(ItemFailed) as told:
        PickWithTopaz(TopazPicking(trained=bad)).process(item, work=work(tmp_path))
    assert told.value.code == "bad-model"


def test_a_gpu_that_it_does_not_see_is_told(topaz: Path, tmp_path: Path) -> None:
    item = micrograph(tmp_path, simulated(5, (64, 64))[0])
    wanted = TopazDenoising(model="affine", patch=0, gpu=True)
    assert DenoiseWithTopaz(wanted).need().gpus == 1
    with pytest.raises(ItemFailed) as told:
        # No machine has so many.
        DenoiseWithTopaz(wanted).process(item, work=work(tmp_path, gpus=(99,)))
    assert told.value.code == "gpu-not-used"
