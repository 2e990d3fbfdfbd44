"""unblur is asked what each version understands, and what it leaves is looked at."""

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from icestream.formats import read_mrc, write_mrc, write_tiff
from icestream.model import Movie, Optics
from icestream.protocol import ItemFailed, Work, missing
from icestream.protocol.conformance import problems
from icestream_cistem.align_with_unblur import AlignWithUnblur, UnblurParameters

Install = Callable[..., None]
PLUGIN = Path(__file__).parents[1]
MOVES = [(0, 0), (2, -1), (3, 4), (1, 5)]
"""Pixels by which the content of each frame lies from where it was in the first, (y, x)."""


def make_movie(folder: Path, ending: str, gain: bool = False) -> tuple[Movie, np.ndarray]:
    """A movie of a scene that moves, and the scene."""
    rng = np.random.default_rng(3)
    scene = rng.integers(5, 90, (48, 64)).astype(np.float32)
    frames = np.stack([np.roll(scene, move, (0, 1)) for move in MOVES])
    gained = None
    if gain:
        gained = folder / "gain.mrc"
        values = np.ones((48, 64), np.float32)
        values[:24] = 2.0  # the first rows in the file count half
        frames = frames / values
        write_mrc(gained, values)
    path = folder / f"a movie{ending}"
    write = write_tiff if ending == ".tif" else write_mrc
    write(path, frames.astype(np.float32))
    return Movie(
        exposure="a",
        path=path,
        frames=len(MOVES),
        shape=(48, 64),
        optics=Optics(pixel_size=0.5, voltage=300.0),
        dose_per_frame=1.25,
        pre_exposure=0.5,
        gain=gained,
    ), scene


def test_it_keeps_the_rules() -> None:
    assert problems(AlignWithUnblur) == []


def test_nothing_is_imported_but_what_a_plugin_may() -> None:
    allowed = {"units", "model", "formats", "processing", "protocol"}
    for path in (PLUGIN / "src" / "icestream_cistem").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                layers = name.split(".")
                assert layers[0] != "icestream" or layers[1] in allowed, (path.name, name)


def test_the_answers_go_by_the_version(install: Install, tmp_path: Path, work: Work) -> None:
    movie, _ = make_movie(tmp_path, ".tif", gain=True)
    step = AlignWithUnblur(UnblurParameters(binning=2, last_frame=3, cores=4))
    assert step.methods().endswith("with an exposure filter where the dose is known.")
    begins = "300 1.25 0.5 yes 2 40 1500 1 1 1 20 yes"
    install("2.0.0-alpha", "unblur")
    said = step.command(movie, work)
    assert said.argv == ("unblur",) and said.environment == {"LC_ALL": "C"}
    assert " ".join(said.answers) == (
        f"movie.tif sum.mrc shifts.txt 0.5 2 yes {begins} yes no gain.mrc 1 3 1 no no 4"
    )
    install("1.0.0-beta", "unblur")
    assert " ".join(step.command(movie, work).answers) == (
        f"movie.tif sum.mrc 0.5 2 yes {begins} no gain.mrc 1 3 no"
    )


@pytest.mark.parametrize("ending", [".mrc", ".tif"])
def test_sum_and_motion_are_those_of_the_movie_as_it_is_stored(
    install: Install, tmp_path: Path, work: Work, version: str, ending: str
) -> None:
    install(version, "unblur")
    movie, scene = make_movie(tmp_path, ending, gain=True)
    step = AlignWithUnblur()
    assert missing(step) == ()
    made = step.process(movie, work=work)
    assert made.motion is not None
    # A shift is added to the coordinates of a frame: against the motion of its content, onto the
    # frame that the sum lies on.
    np.testing.assert_allclose(made.motion.shifts, np.array(MOVES[2]) - np.array(MOVES), atol=1e-4)
    image = read_mrc(made.path)
    moved = np.roll(len(MOVES) * scene, MOVES[len(MOVES) // 2], (0, 1))
    np.testing.assert_allclose(image, moved, rtol=1e-3)
    assert (made.shape, made.optics.pixel_size, made.frames) == ((48, 64), 0.5, 4)
    assert made.tracks is not None and made.thumbnail is not None
    assert {path.name for path in work.folder.glob("*.log")} >= {"unblur.log"}
    assert "4.5 Å" not in step.summarize([made]) and "1 movies aligned" in step.summarize([made])


def test_frames_are_chosen_and_pixels_binned(
    install: Install, tmp_path: Path, work: Work, version: str
) -> None:
    install(version, "unblur")
    movie, _ = make_movie(tmp_path, ".mrc")
    wanted = UnblurParameters(first_frame=2, last_frame=3, binning=2)
    made = AlignWithUnblur(wanted).process(movie, work=work)
    assert made.motion is not None and made.motion.first_frame == 2
    np.testing.assert_allclose(made.motion.shifts, [[1, 5], [0, 0]], atol=1e-4)
    assert (made.shape, made.optics.pixel_size, made.frames) == ((24, 32), 1.0, 2)


@pytest.mark.parametrize(
    ("played", "code"),
    [
        ("library", "no-library"),
        ("crash", "crash"),
        ("corrupt", "not-readable"),
        ("nothing", "no-output"),
        ("half", "half-output"),
        ("few", "half-output"),
    ],
)
def test_failures_are_named(
    install: Install,
    tmp_path: Path,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
    played: str,
    code: str,
) -> None:
    install("2.0.0-alpha", "unblur")
    monkeypatch.setenv("STAND_IN", played)
    movie, _ = make_movie(tmp_path, ".mrc")
    with pytest.raises(ItemFailed) as told:
        AlignWithUnblur().process(movie, work=work)
    assert told.value.code == code


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"path": Path("a.dm4")}, "movie-kind"),
        ({"path": Path("a.eer")}, "movie-kind"),
        ({"frames": 0}, "no-frames"),
        ({"frame_doses": (1.0, 2.0, 1.0, 1.0)}, "different-doses"),
    ],
)
def test_what_it_would_not_do_right_is_refused(
    install: Install, tmp_path: Path, work: Work, changed: dict[str, Any], code: str
) -> None:
    install("1.0.0-beta", "unblur")
    movie, _ = make_movie(tmp_path, ".mrc")
    with pytest.raises(ItemFailed) as told:
        AlignWithUnblur().process(replace(movie, **changed), work=work)
    assert told.value.code == code


def test_eer_is_for_the_second_cistem(install: Install, tmp_path: Path, work: Work) -> None:
    install("2.0.0-alpha", "unblur")
    movie, _ = make_movie(tmp_path, ".mrc")
    eer = replace(movie, path=Path("a.eer"), eer_grouping=30, eer_upsampling=2)
    assert AlignWithUnblur().command(eer, work).answers[-5:] == ("no", "30", "2", "no", "1")


def test_what_a_version_does_not_have_is_told_before(install: Install) -> None:
    install("1.0.0-beta", "unblur")
    (told,) = missing(AlignWithUnblur(UnblurParameters(running_average=3)))
    assert "of cisTEM 1, has none" in told
    for given in ({"running_average": 2}, {"shift_max": 1}, {"binning": 0.5}):
        with pytest.raises(ValidationError):
            UnblurParameters(**given)
    with pytest.raises(ValidationError):
        UnblurParameters(first_frame=3, last_frame=2)
