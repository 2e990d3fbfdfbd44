"""RELION's Bayesian polishing is run for real, on movies of a specimen that is known."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from relion_specimen import BOX, PIXEL, particle, phantom
from scipy.ndimage import fourier_shift

from icestream.formats import Block, read_mrc, read_stack, read_star, write_mrc, write_star
from icestream.formats.relion import RELION_VERSION, loop, optics_row
from icestream.model import Micrograph, Motion, Movie, Optics, Orientation, Volume, column
from icestream.protocol import BadOutput, Group, ItemFailed, Work
from icestream_relion.items import Mask, RelionMovies, RelionParticles, Sharpening
from icestream_relion.join_movies import JoinMovies
from icestream_relion.motion_for_polishing import DescribeMotion, DescribeMotionParameters
from icestream_relion.polish import PolishWithRelion
from icestream_relion.polish_inputs import choose
from icestream_relion.polish_outputs import take_polished
from icestream_relion.polish_parameters import RelionPolishParameters
from icestream_relion.postprocess import PostprocessWithRelion, RelionPostprocessParameters
from icestream_relion.refine_3d import RefineWithRelion, RelionRefineParameters

MakeWork = Callable[..., Work]
Needs = Callable[..., None]
MOVIE = 3.0
"""Å per pixel of the movies: the box of a particle has 64 of these."""
SIDE, FRAMES, EACH, MOVIES = 400, 6, 9, 3
DOSE = 2.0


@dataclass
class Known:
    """What was simulated."""

    particles: RelionParticles
    movies: RelionMovies
    angles: list[tuple[float, float, float]]
    moved: NDArray[np.float64]
    """``(movies, frames, 2)`` by how much everything moved, (y, x), pixels."""


def movie_of(path: Path, number: int, **more: Any) -> Movie:
    return Movie(
        exposure=f"shot {number}",
        path=path,
        frames=FRAMES,
        shape=(SIDE, SIDE),
        optics=Optics(pixel_size=MOVIE, voltage=300.0),
        dose_per_frame=DOSE,
        **more,
    )


def micrograph_of(movie: Movie, moved: NDArray[np.float64], **more: Any) -> Micrograph:
    return Micrograph(
        exposure=movie.exposure,
        path=Path("a.mrc"),
        shape=movie.shape,
        optics=movie.optics,
        motion=Motion(shifts=column(-moved), pixel_size=MOVIE),
        movie=movie.path,
        dose_per_frame=movie.dose_per_frame,
        frames=len(moved),
        **more,
    )


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    folder = tmp_path_factory.mktemp("some movies")
    rng = np.random.default_rng(3)
    flaws = rng.uniform(0.8, 1.2, (SIDE, SIDE)).astype(np.float32)
    write_mrc(folder / "gain.mrc", flaws)
    (folder / "defects.txt").write_text("0 0 2 2\n")
    angles, rows, items, tracks = [], [], [], []
    for number in range(MOVIES):
        defocus = 14000.0 + 2000.0 * number
        moved = np.cumsum(rng.normal(0, 1.5, (FRAMES, 2)), axis=0)
        moved -= moved[0]
        tracks.append(moved)
        still = np.zeros((SIDE, SIDE))
        places = np.mgrid[80 : SIDE - 40 : 120, 80 : SIDE - 40 : 120].reshape(2, -1).T
        for place in places[:EACH]:
            y, x = place + rng.integers(-6, 7, 2)
            turn = tuple(rng.uniform((-180, 30, -180), (180, 150, 180)).tolist())
            angles.append(turn)
            still[y - 32 : y + 32, x - 32 : x + 32] += particle(turn, defocus, 64, MOVIE)
            rows.append((number, x, y, defocus, turn))
        frames = np.stack(
            [np.fft.ifft2(fourier_shift(np.fft.fft2(still), step)).real for step in moved]
        )
        frames = 50.0 - 3.0 * frames + rng.normal(0, 4.0, frames.shape)
        movie = movie_of(
            write_mrc(folder / f"a movie {number}.mrcs", (frames / flaws).astype(np.float32)),
            number,
            gain=folder / "gain.mrc",
            defects=folder / "defects.txt",
        )
        work = Work(folder=folder / f"{number}", exposure=movie.exposure)
        work.folder.mkdir()
        items.append(DescribeMotion().process(movie, micrograph_of(movie, moved), work))
    work = Work(folder=tmp_path_factory.mktemp("join"))
    movies = JoinMovies().process(Group("session", tuple(items)), work)
    return Known(table_of(folder, rows), movies, angles, np.array(tracks))


def table_of(folder: Path, rows: list[Any]) -> RelionParticles:
    """The table of a refinement that found everything."""
    number, x, y, defocus, turns = zip(*rows, strict=True)
    turn = np.array(turns)
    image = [1 + sum(other[0] == row[0] for other in rows[:at]) for at, row in enumerate(rows)]
    columns: dict[str, Any] = {
        "rlnCoordinateX": x,
        "rlnCoordinateY": y,
        "rlnImageName": [
            f"{n:06d}@stacks/{at + 1:06d}.mrcs" for n, at in zip(image, number, strict=True)
        ],
        "rlnMicrographName": [f"{at + 1:06d}.mrc" for at in number],
        "rlnOpticsGroup": [1] * len(rows),
        "rlnDefocusU": defocus,
        "rlnDefocusV": defocus,
        "rlnDefocusAngle": [0.0] * len(rows),
        "rlnAngleRot": turn[:, 0],
        "rlnAngleTilt": turn[:, 1],
        "rlnAnglePsi": turn[:, 2],
        "rlnOriginXAngst": [0.0] * len(rows),
        "rlnOriginYAngst": [0.0] * len(rows),
        "rlnRandomSubset": [1 + at % 2 for at in range(len(rows))],
    }
    optics = {
        **optics_row(1, "opticsGroup1", Optics(pixel_size=PIXEL, voltage=300.0), MOVIE),
        "rlnMicrographPixelSize": MOVIE,
        "rlnImagePixelSize": PIXEL,
        "rlnImageSize": BOX,
        "rlnImageDimensionality": 2,
        "rlnCtfDataAreCtfPremultiplied": 0,
    }
    table = folder / "refined.star"
    write_star(table, [loop("optics", [optics]), Block("particles", columns)], RELION_VERSION)
    return RelionParticles(
        table=table,
        stacks=tuple(folder / f"{at}.mrcs" for at in range(MOVIES)),
        exposures=tuple(f"shot {at}" for at in range(MOVIES)),
        particles=len(rows),
        box=BOX,
        pixel_size=PIXEL,
        diameter=130.0,
        iteration=2,
    )


@pytest.fixture(scope="module")
def sharpened(tmp_path_factory: pytest.TempPathFactory) -> tuple[Volume, Sharpening]:
    """Halves of the specimen's map, and how they agree."""
    folder = tmp_path_factory.mktemp("map")
    rng = np.random.default_rng(1)
    truth = phantom()
    halves = [
        write_mrc(
            folder / f"half{n}.mrc",
            (truth + rng.normal(0, 0.03, truth.shape)).astype(np.float32),
            PIXEL,
            volume=True,
        )
        for n in (1, 2)
    ]
    radius = np.sqrt(((np.indices((BOX,) * 3) - BOX // 2) ** 2).sum(axis=0))
    soft = np.clip((14 - radius) / 3, 0, 1).astype(np.float32)
    mask = Mask(
        path=write_mrc(folder / "mask.mrc", soft, PIXEL, volume=True),
        box=BOX, pixel_size=PIXEL, threshold=0.1, part=0.3,
    )  # fmt: skip
    volume = Volume(
        particles=9, iteration=1, map=halves[0], half1=halves[0], half2=halves[1], box=BOX,
        pixel_size=PIXEL, resolution=13.0, fsc=column([1.0]),
    )  # fmt: skip
    wanted = RelionPostprocessParameters(bfactor=-50.0)
    work = Work(folder=tmp_path_factory.mktemp("post"))
    made = PostprocessWithRelion(wanted).process(volume, mask, work=work)
    return made.volume, made.sharpening


MOVING = RelionPolishParameters(velocity=2.0)
"""The simulated specimen moves faster than real ones do."""


def tracks(out: Path, number: int) -> NDArray[np.float64]:
    """``(particles, frames, 2)`` (y, x) Å, as RELION writes them."""
    blocks = list(read_star(out / f"{number:06d}_tracks.star").values())[1:]
    return np.array(
        [[block.floats(f"rlnOrigin{axis}Angst") for axis in "YX"] for block in blocks]
    ).transpose(0, 2, 1)


def alike(made: RelionParticles, known: Known) -> list[float]:
    """How each image correlates with what was simulated."""
    table = read_star(made.table)["particles"]
    images = [read_stack(path) for path in made.stacks]
    rows = {turn: 14000.0 + 2000.0 * (n // EACH) for n, turn in enumerate(known.angles)}
    found = []
    for row, name in enumerate(table.text("rlnImageName")):
        number, _, stack = name.partition("@")
        image = images[int(Path(stack).stem) - 1][int(number) - 1]
        turn = [table.floats(f"rlnAngle{angle}")[row] for angle in ("Rot", "Tilt", "Psi")]
        near = min(rows, key=lambda other: float(np.abs(np.subtract(other, turn)).sum()))
        truth = particle(near, rows[near])
        found.append(float(np.corrcoef(image.ravel(), truth.ravel())[0, 1]))
    return found


def test_particles_are_polished(needs: Needs, work: MakeWork, known: Known, sharpened: Any) -> None:
    """A wrong sign or place of motion, gain or coordinates would leave none of them as they are."""
    needs("relion_motion_refine")
    made = PolishWithRelion(MOVING).process(known.particles, *sharpened, known.movies, work())
    assert (made.particles, made.box, made.pixel_size, made.note) == (27, 32, 6.0, "")
    assert made.exposures == known.particles.exposures and made.iteration == 2
    assert min(alike(made, known)) > 0.8
    out = work().folder / "out"
    for number, moved in enumerate(known.moved, start=1):
        found = tracks(out, number).mean(axis=0)
        assert np.abs(found - found[0] - MOVIE * moved).max() < 5.0  # of as many Å as 30
    said = work().path("relion_motion_refine.command.log").read_text()
    assert "--s_vel 2 --s_div 5000 --s_acc 2 --combine_frames" in said and "--fdose 2 " in said
    assert "--last_frame 6" in said and "--only_do_unfinished" not in said
    assert PolishWithRelion().summarize([made]) == "27 particles were polished"
    needs("relion_refine_mpi", "mpirun")
    wanted = RelionRefineParameters(
        reference=sharpened[0].half1, absolute=True, healpix_order=0, iterations_most=1, padding=1,
        offset_range=2,
    )  # fmt: skip
    again = RefineWithRelion(wanted).process(made, None, work("again"))
    assert again.particles.particles == 27 and again.particles.stacks == made.stacks


def test_a_smaller_image_of_a_larger_box(
    needs: Needs, work: MakeWork, known: Known, sharpened: Any
) -> None:
    needs("relion_motion_refine")
    wanted = MOVING.model_copy(update={"window": 72, "scale": 24, "first_frame": 2})
    made = PolishWithRelion(wanted).process(known.particles, *sharpened, known.movies, work())
    assert (made.box, made.pixel_size) == (24, 9.0)
    assert read_stack(made.stacks[0]).shape == (EACH, 24, 24)
    assert tracks(work().folder / "out", 1).shape == (EACH, FRAMES - 1, 2)


def test_how_particles_move_is_found_first(
    needs: Needs, work: MakeWork, known: Known, sharpened: Any
) -> None:
    needs("relion_motion_refine")
    wanted = RelionPolishParameters(train=True, train_particles=5)
    made = PolishWithRelion(wanted).process(known.particles, *sharpened, known.movies, work())
    found = (work().folder / "out" / "opt_params_all_groups.txt").read_text().split()
    assert len(found) == 3 and float(found[0]) > 0.6  # which it begins with
    assert made.note.startswith(
        f"found with 5 particles or a few more: velocity {float(found[0]):g} Å/"
    )
    assert "--params3 --min_p 5" in work().path("training.command.log").read_text()
    said = work().path("relion_motion_refine.command.log").read_text()
    assert "--params_file out/opt_params_all_groups.txt --combine_frames" in said
    assert "--s_vel" not in said and PolishWithRelion().summarize([made]).endswith(made.note)
    more = RelionPolishParameters(train=True, train_particles=500)
    kept = replace(work("more"), kept=work("more").folder / "kept")
    (kept.folder / "kept").mkdir()
    (kept.folder / "kept" / "opt_params_all_groups.txt").write_text("2 5000 -1\n")
    made = PolishWithRelion(more).process(known.particles, *sharpened, known.movies, kept)
    assert made.note == (
        "found with 27 particles alone, of 500 that were asked for: velocity 2 Å/(e/Å²), "
        "divergence 5000 Å, acceleration -1 Å/(e/Å²)"
    )
    assert not kept.path("training.log").exists()  # it was trained before


def test_an_attempt_that_was_ended_is_gone_on_with(
    needs: Needs, work: MakeWork, known: Known, sharpened: Any, tmp_path: Path
) -> None:
    needs("relion_motion_refine")
    protocol, kept = PolishWithRelion(MOVING), tmp_path / "kept"
    first = replace(work("first"), kept=kept)
    whole = protocol.process(known.particles, *sharpened, known.movies, first)
    assert not list(kept.glob("*_shiny.mrcs"))  # they were taken over
    before = {path.name: path.stat().st_mtime_ns for path in kept.glob("*_tracks.star")}
    for number in (1, 2):
        (kept / f"{number:06d}_shiny.mrcs").write_bytes(whole.stacks[number - 1].read_bytes())
    half = kept / "000002_shiny.mrcs"
    half.write_bytes(half.read_bytes()[:-100])
    made = protocol.process(
        known.particles, *sharpened, known.movies, replace(work("second"), kept=kept)
    )
    after = {path.name: path.stat().st_mtime_ns for path in kept.glob("*_tracks.star")}
    assert [name for name in before if before[name] != after[name]] == ["000002_tracks.star"]
    said = work("second").path("relion_motion_refine.command.log").read_text()
    assert "--only_do_unfinished" in said and made.particles == 27
    for ours, theirs in zip(made.stacks, whole.stacks, strict=True):
        np.testing.assert_allclose(read_stack(ours), read_stack(theirs), atol=1e-4)


def test_movies_that_cannot_be_used_are_left_out_and_told(
    needs: Needs, work: MakeWork, known: Known, sharpened: Any, tmp_path: Path
) -> None:
    needs("relion_motion_refine")
    cut = tmp_path / "cut.mrcs"
    cut.write_bytes(known.movies.movies[1].read_bytes()[:-500])
    first, _, last = known.movies.movies
    movies = replace(known.movies, movies=(first, cut, last))
    made = PolishWithRelion(MOVING).process(known.particles, *sharpened, movies, work())
    assert made.particles == 18 and made.exposures == ("shot 0", "shot 2")
    assert len(made.stacks) == 2
    assert made.note == (
        "9 particles of 1 exposures were left out, of which no whole movie is there"
    )
    assert min(alike(made, known)) > 0.8
    movies = replace(known.movies, camera=(), camera_names=())
    with pytest.raises(ItemFailed, match="its log says above which movie") as told:
        PolishWithRelion(MOVING).process(known.particles, *sharpened, movies, work("gain"))
    assert told.value.code == "movie-unread"


def laid_out(known: Known, work: Work, label: str, *values: object) -> RelionMovies:
    """The movies, with another column in their table."""
    blocks = read_star(known.movies.table)
    blocks["micrographs"].columns[label] = list(values)
    path = work.path("other.star")
    write_star(path, blocks)
    return replace(known.movies, table=path)


def test_particles_of_short_movies_are_left_out(known: Known, work: MakeWork) -> None:
    movies = laid_out(known, work(), "rlnImageSizeZ", 6, 4, 7)
    chosen = choose(known.particles, movies, RelionPolishParameters(last_frame=5), work())
    assert chosen.last_frame == 5 and chosen.particles == 18 and chosen.places == {0, 2}
    assert chosen.notes == (
        "9 particles of 1 exposures were left out, whose movies have fewer than 5 frames",
    )
    table = read_star(work().path("corrected_micrographs.star"))["micrographs"]
    assert table.text("rlnMicrographName") == ["000001.mrc", "000003.mrc"]
    for label in ("rlnMicrographMovieName", "rlnMicrographMetadata"):
        assert all((work().folder / name).is_file() for name in table.text(label))
    # What most of them have, and of two that are as usual the larger.
    assert choose(known.particles, movies, RelionPolishParameters(), work()).last_frame == 7
    movies = laid_out(known, work(), "rlnImageSizeZ", 4, 4, 7)
    assert choose(known.particles, movies, RelionPolishParameters(), work()).last_frame == 4
    with pytest.raises(ItemFailed, match=r"frames 1 to 8 were asked for, .* longest movie has 7"):
        choose(known.particles, movies, RelionPolishParameters(last_frame=8), work())


@pytest.mark.parametrize(
    ("label", "values", "said"),
    [
        ("rlnMicrographOriginalPixelSize", (3, 3, 1.5), "pixel size of shot 0 is 3, and that of"),
        ("rlnMicrographBinning", (1, 2, 1), "binning of shot 0 is 1, and that of shot 1 2"),
        ("rlnEERUpsampling", (1, 1, 2), "upsampling of EER of shot 0 is 1"),
        ("rlnMicrographDoseRate", (2, 1.5, 2), "frames of shot 1 had 1.5 e/Å², and those of"),
    ],
)
def test_movies_of_several_kinds_are_refused(
    known: Known, work: MakeWork, label: str, values: Any, said: str
) -> None:
    movies = laid_out(known, work(), label, *values)
    with pytest.raises(ItemFailed, match=said) as told:
        choose(known.particles, movies, RelionPolishParameters(), work())
    assert told.value.code == "movies-differ"


def test_what_is_missing_is_told(known: Known, sharpened: Any, work: MakeWork) -> None:
    others = replace(known.particles, exposures=("a", "b", "c"))
    with pytest.raises(ItemFailed, match="of 0 of the 3 exposures of the particles") as told:
        choose(others, known.movies, RelionPolishParameters(), work())
    assert told.value.code == "no-movie"
    gone = Path("/gone.mrcs")
    away = replace(known.movies, movies=(known.movies.movies[0], gone, gone))
    with pytest.raises(
        ItemFailed, match=r"of 1 of the 3 .*, and whole; one that is not: /gone\.mrcs"
    ):
        choose(known.particles, away, RelionPolishParameters(), work())
    blocks = read_star(known.particles.table)
    del blocks["particles"].columns["rlnRandomSubset"]
    write_star(work().path("joined.star"), blocks)
    joined = replace(known.particles, table=work().path("joined.star"))
    with pytest.raises(ItemFailed, match="which half and view each particle is of"):
        choose(joined, known.movies, RelionPolishParameters(), work())
    whole, sharpening = sharpened
    with pytest.raises(ItemFailed, match="without its halves"):
        PolishWithRelion().process(
            known.particles, replace(whole, half1=None), sharpening, known.movies, work()
        )
    # RELION fits the weights between shells 9 and 7 of such a map, and overflows a buffer.
    coarse = replace(whole, resolution=25.0)
    with pytest.raises(ItemFailed, match=r"reaches 25\.0 Å, .* finer than 20 Å") as told:
        PolishWithRelion().process(known.particles, coarse, sharpening, known.movies, work())
    assert told.value.code == "map-coarse"


UNKNOWN = Motion(shifts=column(np.zeros((6, 2))), frame_agreement=column(np.zeros(6)))


@pytest.mark.parametrize(
    ("changes", "more", "code"),
    [
        ({"path": Path("a.dm4")}, {}, "movie-name"),
        ({"frame_doses": (1.0, 2.0)}, {}, "doses-differ"),
        ({"dose_per_frame": 0.0}, {}, "no-dose"),
        ({}, {"motion": None}, "no-motion"),
        ({}, {"motion": UNKNOWN}, "no-motion"),
    ],
)
def test_movies_that_relion_cannot_polish_are_refused(
    work: MakeWork, changes: Any, more: Any, code: str
) -> None:
    movie = replace(movie_of(Path("a.mrcs"), 0), **changes)
    micrograph = replace(micrograph_of(movie, np.zeros((FRAMES, 2))), **more)
    with pytest.raises(ItemFailed) as told:
        DescribeMotion().process(movie, micrograph, work())
    assert told.value.code == code


def test_gain_and_defects_are_written_once_as_relion_wants_them(
    work: MakeWork, tmp_path: Path
) -> None:
    gain = np.random.default_rng(2).uniform(0.5, 2.0, (8, 8)).astype(np.float32)
    write_mrc(tmp_path / "gain.mrc", gain)
    (tmp_path / "bad.txt").write_text("1 2 3 1\n")
    turned = Orientation(rotation=90)
    of_camera = {"gain": tmp_path / "gain.mrc", "gain_orientation": turned, "eer_grouping": 3}
    wanted = DescribeMotionParameters(defects=tmp_path / "bad.txt")
    items = []
    for number in (1, 0):
        movie = replace(movie_of(tmp_path / "a.EER", number), shape=(8, 8), **of_camera)
        micrograph = micrograph_of(movie, np.zeros((FRAMES, 2)), eer_grouping=3)
        items.append(DescribeMotion(wanted).process(movie, micrograph, work()))
    general = read_star(items[0].motion)["general"]
    assert general.value("rlnMicrographMovieName") == items[0].name
    assert items[0].name.endswith(".eer")  # in capitals RELION does not know it
    assert general.value("rlnEERGrouping") == "3" and general.value("rlnImageSizeZ") == "6"
    made = JoinMovies().process(Group("session", tuple(items)), work())
    assert made.exposures == ("shot 0", "shot 1") and len(made.camera) == 2
    called = {general.value(f"rlnMicrograph{name}") for name in ("GainName", "DefectFile")}
    assert called == set(made.camera_names)
    written, bad = made.camera
    # Of EER it divides by a reference in MRC, as icestream does; it is told of no orientation.
    scale = read_mrc(written) / turned.turn(gain)
    np.testing.assert_allclose(scale, np.full((8, 8), scale[0, 0]), rtol=1e-4)
    assert np.argwhere(read_mrc(bad)).tolist() == [[2, 1], [2, 2], [2, 3]]
    assert JoinMovies().summarize([made]) == "the motion of 2 movies is in one table"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"first_frame": 4, "last_frame": 4}, "must be 0 or beyond"),
        ({"window": 64, "scale": 128}, "makes images smaller only"),
        ({"window": 65}, "multiple of 2"),
        ({"weights_finest": 30}, "must be finer than"),
    ],
)
def test_sizes_that_relion_refuses_are_refused_before(given: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        RelionPolishParameters(**given)


@pytest.mark.parametrize("version", ["3.1.3", "4.0.1", "5.0.1"])
def test_every_option_is_known_to_the_version(
    install: Callable[..., Path], work: MakeWork, known: Known, sharpened: Any, version: str
) -> None:
    install("relion_motion_refine", version)
    wanted = RelionPolishParameters(window=64, scale=32, weights_finest=5)
    with pytest.raises(BadOutput, match=r"shiny\.star was not written"):
        PolishWithRelion(wanted).process(known.particles, *sharpened, known.movies, work())
    wanted = RelionPolishParameters(train=True)
    with pytest.raises(BadOutput, match="found no velocity") as told:
        PolishWithRelion(wanted).process(known.particles, *sharpened, known.movies, work())
    assert told.value.code == "not-trained"


def test_what_relion_writes_is_looked_at(work: MakeWork, known: Known) -> None:
    """Half a stack, other images, and motion that is no number."""
    chosen = choose(known.particles, known.movies, RelionPolishParameters(), work())
    log, out = work().path("a.log"), work().folder / "out"
    out.mkdir()
    log.write_text("NaNs detected in out/000003! Please inspect this movie.\n")
    blocks = read_star(known.particles.table)
    names = blocks["particles"].text("rlnImageName")
    blocks["particles"].columns["rlnImageName"] = [
        f"{int(name[:6])}@out/{Path(name.partition('@')[2]).stem}_shiny.mrcs" for name in names
    ]
    write_star(out / "shiny.star", blocks)
    images = np.random.default_rng(1).normal(size=(EACH, BOX, BOX)).astype(np.float32)

    def write(number: int, stack: NDArray[np.float32]) -> Path:
        return write_mrc(out / f"{number:06d}_shiny.mrcs", stack, PIXEL)

    write(1, images)
    write(3, images)
    write(2, images[1:])
    with pytest.raises(BadOutput, match=r"000002_shiny\.mrcs has 8 images, and 9 are named"):
        take_polished(known.particles, chosen, log, (), work())
    write(1, images)
    whole = write(2, images)
    whole.write_bytes(whole.read_bytes()[:-9])
    with pytest.raises(BadOutput) as told:
        take_polished(known.particles, chosen, log, (), work())
    assert told.value.code == "half-output"
    bad = images.copy()
    bad[3, 4, 5] = np.nan
    write(2, bad)
    made = take_polished(known.particles, chosen, log, ["asked"], work())
    assert made.particles == 9 and made.exposures == ("shot 0",)
    assert made.note == (
        "asked; 18 particles of 2 exposures were left out, whose motion or images are no numbers"
    )
    empty = work().path("b.log")
    empty.touch()
    with pytest.raises(BadOutput, match="has 27 particles, and 9 went in"):
        take_polished(known.particles, replace(chosen, particles=9), empty, (), work())
    write(1, bad)
    with pytest.raises(BadOutput, match="none of the 27 particles has images that are numbers"):
        take_polished(known.particles, chosen, log, (), work())
