"""The examples of the cookbook are whole, keep the rules, and do what the page says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cookbook
from icestream.model import (
    Accepted,
    Alert,
    Ctf,
    Exposure,
    Micrograph,
    Motion,
    Movie,
    Optics,
    Particles,
    Picks,
    Rejected,
    column,
    pictures_of,
)
from icestream.protocol import (
    Batch,
    BatchProtocol,
    ConsensusProtocol,
    Cursor,
    Draw,
    Gathered,
    Group,
    GroupProtocol,
    Incoming,
    ItemFailed,
    ItemProtocol,
    Monitor,
    ProgramProtocol,
    Protocol,
    SampleProtocol,
    SelectionProtocol,
    SourceProtocol,
    TriggerProtocol,
    Window,
    Work,
)
from icestream.protocol.conformance import problems

KINDS = (
    SourceProtocol,
    ItemProtocol,
    ConsensusProtocol,
    SelectionProtocol,
    BatchProtocol,
    GroupProtocol,
    TriggerProtocol,
    SampleProtocol,
    Monitor,
    ProgramProtocol,
)
OPTICS = Optics(pixel_size=1.5, voltage=300.0)

Example = Callable[[type[Protocol[Any]]], type[Any]]


@pytest.fixture(scope="module")
def examples() -> dict[type[Any], type[Any]]:
    """The first protocol of each kind."""
    found: dict[type[Any], type[Any]] = {}
    for protocol in cookbook.protocols():
        kind = next(kind for kind in reversed(KINDS) if issubclass(protocol, kind))
        found.setdefault(kind, protocol)
    return found


def test_each_kind_has_an_example(examples: dict[type[Any], type[Any]]) -> None:
    assert set(examples) == set(KINDS)


@pytest.mark.parametrize("protocol", cookbook.protocols(), ids=lambda found: found.name)
def test_every_example_keeps_the_rules(protocol: type[Protocol[Any]]) -> None:
    assert problems(protocol) == []


def _ctf(exposure: str, defocus: float = 10000.0, resolution: float = 4.0) -> Ctf:
    return Ctf(
        exposure=exposure,
        optics=OPTICS,
        defocus_u=defocus,
        defocus_v=defocus,
        angle=0.0,
        resolution=resolution,
        curve=column(np.vstack([np.arange(8), np.full(8, 3.0), np.zeros(8)])),
    )


def _particles(stack: Path, count: int = 3) -> Particles:
    values = column(np.arange(count))
    return Particles(
        exposure="a",
        stack=stack,
        box=16,
        optics=OPTICS,
        micrograph=Path("a.mrc"),
        micrograph_pixel_size=1.5,
        x=values,
        y=values,
        score=values,
        defocus_u=values,
        defocus_v=values,
        defocus_angle=values,
    )


def test_source(examples: dict[type[Any], type[Any]], tmp_path: Path) -> None:
    """Files are reported once, with their shape; one that is too small is refused."""
    import mrcfile

    protocol = examples[SourceProtocol]
    source = protocol(protocol.parameters_type()(folder=tmp_path))
    mrcfile.write(tmp_path / "a.mrc", np.zeros((4, 6), dtype=np.float32))
    (tmp_path / "b.mrc").write_bytes(b"short")
    first = source.discover(Cursor())
    assert [(item.exposure, item.shape) for item in first.items] == [("a", (4, 6))]
    assert [refusal.exposure for refusal in first.refused] == ["b"]
    mrcfile.write(tmp_path / "c.mrc", np.zeros((4, 6), dtype=np.float32))
    second = source.discover(Cursor(first.state))
    assert [item.exposure for item in second.items] == ["c"]
    assert not second.refused


def test_item(examples: dict[type[Any], type[Any]]) -> None:
    protocol = examples[ItemProtocol]
    score = column([3, 1, 2])
    picks = Picks(exposure="a", x=score, y=score, score=score, diameter=100.0, pixel_size=1.5)
    kept = protocol(protocol.parameters_type()(most=2)).process(picks)
    assert kept.score.tolist() == [3, 2]
    bad = column([1, np.nan, 2])
    picks = Picks(exposure="a", x=bad, y=bad, score=bad, diameter=100.0, pixel_size=1.5)
    with pytest.raises(ItemFailed, match="1 of 3 picks have no score"):
        protocol().process(picks)


def test_an_item_with_a_picture(tmp_path: Path) -> None:
    """Half of the micrograph has thick ice, and the picture shows which."""
    import mrcfile

    random = np.random.default_rng(1)
    image = random.normal(10.0, 3.0, (512, 512)).astype(np.float32)
    image[:, :256] -= 4.0
    mrcfile.write(tmp_path / "a.mrc", image)
    (draw,) = (one for one in cookbook.protocols() if one.name == "ice.draw")
    micrograph = Micrograph(exposure="a", path=tmp_path / "a.mrc", shape=image.shape, optics=OPTICS)
    made = draw().process(micrograph, Work(folder=tmp_path))  # type: ignore[attr-defined]
    ((path, mark),) = pictures_of(made)
    assert mark.title == "Ice"
    with Image.open(path) as picture:
        grey = np.asarray(picture, dtype=float)
    assert grey[:, :100].mean() < 50
    assert grey[:, 156:].mean() > 200
    assert 0.1 < made.qualities()["ice.spread"] < 0.25  # of the step alone, before it is smoothed


def test_consensus(examples: dict[type[Any], type[Any]]) -> None:
    candidates = {
        name: _ctf("a", defocus) for name, defocus in zip("xyz", (9e3, 1e4, 2e4), strict=True)
    }
    assert examples[ConsensusProtocol]().agree(candidates) is candidates["y"]


def test_selection(examples: dict[type[Any], type[Any]]) -> None:
    select = examples[SelectionProtocol]()

    def micrograph(step: float) -> Micrograph:
        motion = Motion(shifts=column([[0, 0], [0, step]]), pixel_size=1.5)
        return Micrograph(
            exposure="a", path=Path("a.mrc"), shape=(8, 8), optics=OPTICS, motion=motion
        )

    assert select.judge(micrograph(1.0), _ctf("a")) == Accepted()
    verdict = select.judge(micrograph(100.0), _ctf("a", resolution=12.0))
    assert isinstance(verdict, Rejected)
    assert verdict.reasons == ("moved 150 Å, more than 50 Å", "rings end at 12.0 Å, before 8 Å")


def test_batch(examples: dict[type[Any], type[Any]], tmp_path: Path) -> None:
    """Two updates give what one start with everything gives, also across a checkpoint."""
    protocol = examples[BatchProtocol]()
    ctfs = [_ctf(name) for name in "abc"]
    state = protocol.start(Batch((ctfs[0],)))
    protocol.save(state, tmp_path / "state")
    state = protocol.update(protocol.load(tmp_path / "state"), Batch((ctfs[1], ctfs[2])))
    found, whole = protocol.snapshot(state), protocol.snapshot(protocol.start(Batch(tuple(ctfs))))
    assert found.micrographs == whole.micrographs == 3
    assert np.allclose(found.curve, 3.0)
    assert np.allclose(found.curve, whole.curve)


def test_sampler(examples: dict[type[Any], type[Any]]) -> None:
    sampler = examples[SampleProtocol]()
    exposure = Exposure(name="e", tilt=29.8)
    assert sampler.lot_of(Incoming(None, lambda: exposure)) == "tilt 30°"
    assert sampler.draw(Draw(ticket=0.9, taken=4)) is True
    draw = Draw(ticket=0.1, lot="tilt 30°", taken=5)
    assert sampler.draw(draw) is False
    assert sampler.left_out(draw) == "not in the sample: 5 of tilt 30° are there"


def test_trigger(examples: dict[type[Any], type[Any]]) -> None:
    trigger = examples[TriggerProtocol]()
    assert not trigger.ready({"items": 3, "size": 9_999, "closed": 0})
    assert trigger.ready({"items": 3, "size": 10_000, "closed": 0})
    assert trigger.ready({"items": 3, "size": 10, "closed": 1})


def test_monitor(examples: dict[type[Any], type[Any]]) -> None:
    monitor = examples[Monitor]()

    def alerts(resolution: float) -> list[Alert]:
        window = Window(tuple(_ctf(f"{n}", resolution=resolution) for n in range(9)), now=0.0)
        return [found for found in monitor.inspect(window) if isinstance(found, Alert)]

    assert alerts(4.0) == []
    assert [alert.key for alert in alerts(7.0)] == ["ctf.resolution.low"]
    assert "7.0 Å" in alerts(7.0)[0].message


def test_program_command_needs_no_program(
    examples: dict[type[Any], type[Any]], tmp_path: Path
) -> None:
    command = examples[ProgramProtocol]().command(_particles(Path("a.mrcs")), Work(folder=tmp_path))
    assert command.argv == ("relion_image_handler", "--i", "a.mrcs", "--stats")


def test_program_runs(examples: dict[type[Any], type[Any]], tmp_path: Path) -> None:
    import mrcfile

    protocol = examples[ProgramProtocol]()
    if protocol.program.find() is None:
        pytest.skip("relion_image_handler is not installed (Debian: relion)")
    stack = tmp_path / "a.mrcs"
    mrcfile.write(stack, np.random.default_rng(1).normal(size=(3, 16, 16)).astype(np.float32))
    work = Work(folder=tmp_path / "scratch")
    work.folder.mkdir()
    found = protocol.process(_particles(stack), work=work)
    assert (found.images, found.box) == (3, 16)


def test_program_failure_is_named(examples: dict[type[Any], type[Any]], tmp_path: Path) -> None:
    protocol = examples[ProgramProtocol]()
    if protocol.program.find() is None:
        pytest.skip("relion_image_handler is not installed (Debian: relion)")
    with pytest.raises(ItemFailed) as failed:
        protocol.process(_particles(tmp_path / "missing.mrcs"), work=Work(folder=tmp_path))
    assert failed.value.code == "stack-not-readable"


def _movie(path: Path, hole: str | None = None, frames: int = 40) -> Movie:
    return Movie(
        exposure=path.stem,
        path=path,
        frames=frames,
        shape=(100, 100),
        optics=OPTICS,
        dose_per_frame=1.25,
        details=Exposure(name=path.stem, foil_hole=hole),
    )


def test_the_dose_of_a_hole_is_that_of_all_its_movies(
    examples: dict[type[Any], type[Any]],
) -> None:
    protocol = examples[GroupProtocol]()
    movies = tuple(_movie(Path(f"/d/m{n}.tiff"), "hole_7", frames=10 * n) for n in (1, 2))
    assert [protocol.group_of(movie) for movie in movies] == ["hole_7", "hole_7"]
    assert protocol.group_of(_movie(Path("/d/x.tiff"))) == "unknown"
    assert not protocol.complete(Gathered("hole_7", 4, movies[0]))
    assert protocol.complete(Gathered("hole_7", 5, movies[0]))
    assert not protocol.complete(Gathered("unknown", 50, movies[0]))
    made = protocol.process(Group("hole_7", movies))
    assert (made.hole, made.movies, made.dose) == ("hole_7", 2, 37.5)


def test_a_tilt_series_is_put_in_order_by_its_mdoc(tmp_path: Path) -> None:
    kind: Any = next(one for one in cookbook.protocols() if one.name == "tilts.order")
    protocol = kind(kind.parameters_type()(tilts=3))
    sections = [
        f"[ZValue = {n}]\nTiltAngle = {tilt}\nSubFramePath = D:\\data\\TS_01_{n:03d}_{tilt}.tif\n"
        for n, tilt in enumerate((0.0, 3.0, -3.0))
    ]
    (tmp_path / "TS_01.mrc.mdoc").write_text("PixelSpacing = 1.5\n\n" + "\n".join(sections))
    movies = [_movie(tmp_path / f"TS_01_{n:03d}_{t}.tif") for n, t in ((0, 0.0), (2, -3.0))]
    assert {protocol.group_of(movie) for movie in movies} == {"TS_01"}
    assert not protocol.complete(Gathered("TS_01", 2, movies[0]))
    assert protocol.complete(Gathered("TS_01", 3, movies[0]))
    made = protocol.process(Group("TS_01", tuple(movies)))
    assert made.tilts == (-3.0, 0.0)
    assert [path.name for path in made.movies] == ["TS_01_002_-3.0.tif", "TS_01_000_0.0.tif"]
    assert made.missing == ("TS_01_001_3.0.tif",)
    with pytest.raises(ItemFailed, match=r"TS_02\.mrc\.mdoc is not there"):
        protocol.process(Group("TS_02", tuple(movies)))
