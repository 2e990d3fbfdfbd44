"""Xmipp's picker, consensus and screening: places, votes and scores are those that were told."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from icestream.formats import read_stack, write_mrc
from icestream.model import Micrograph, Optics, Particles, Picks, column
from icestream.protocol import BadOutput, ItemFailed, Work, missing
from icestream_xmipp.agree_on_picks import AgreeOnPicksWithXmipp, XmippAgreement
from icestream_xmipp.pick_particles import PickWithXmipp, XmippPicking
from icestream_xmipp.screen_particles import ScreenParticlesWithXmipp, XmippScreening

Install = Callable[..., Path]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """What a training leaves."""
    folder = tmp_path / "a training"
    folder.mkdir()
    for name in ("svm.txt", "pca_model.stk", "rotpca_model.stk", "particle_avg.xmp"):
        (folder / f"model_{name}").write_text("learnt")
    (folder / "config.xmd").write_text(
        "# XMIPP_STAR_1 * \n# \ndata_properties\n _autopickPercent 90\n _particleSize 20\n"
        "data_filters\nloop_\n _pickingMacro\n Bandpass \n"
    )
    return folder / "model_svm.txt"


def test_the_arguments_of_the_picker_are_its_own(
    micrograph: Micrograph, work: Work, model: Path
) -> None:
    wanted = XmippPicking(model=model, cores=4, quick=True)
    assert " ".join(PickWithXmipp(wanted).command(micrograph, work).argv) == (
        "xmipp_micrograph_automatic_picking -i mic.mrc --particleSize 20 --model model/model "
        "--outputRoot picks --mode autoselect --thr 4 --fast"
    )
    assert PickWithXmipp(wanted).need().cores == 4


def test_particles_are_picked_where_they_are(
    install: Install, micrograph: Micrograph, work: Work, model: Path
) -> None:
    install("xmipp_micrograph_automatic_picking")
    protocol = PickWithXmipp(XmippPicking(model=model))
    assert missing(protocol) == ()
    made = protocol.process(micrograph, work=work)
    # The darkest first; y along the rows of the file.
    np.testing.assert_array_equal(np.stack([made.x, made.y], 1), [[180, 40], [60, 95], [30, 20]])
    assert list(made.score) == [18, 15, 12] and made.diameter == 20 * 1.75
    assert PickWithXmipp(XmippPicking(model=model, diameter=90)).process(
        micrograph, work=work
    ).diameter == 90  # fmt: skip
    assert "3 particles were picked" in protocol.summarize([made]) and list(protocol.plot([made]))


@pytest.mark.parametrize(
    ("played", "code"),
    [("half", "half-output"), ("garbage", "half-output"), ("library", "no-library")],
)
def test_failures_of_the_picker_are_named(
    install: Install, micrograph: Micrograph, work: Work, model: Path,
    monkeypatch: pytest.MonkeyPatch, played: str, code: str,
) -> None:  # fmt: skip
    install("xmipp_micrograph_automatic_picking")
    monkeypatch.setenv("STAND_IN", played)
    with pytest.raises(ItemFailed) as told:
        PickWithXmipp(XmippPicking(model=model)).process(micrograph, work=work)
    assert told.value.code == code


def test_no_file_is_no_particle_where_it_ended_well(
    install: Install, micrograph: Micrograph, work: Work, model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    install("xmipp_micrograph_automatic_picking")
    monkeypatch.setenv("STAND_IN", "empty")
    assert len(PickWithXmipp(XmippPicking(model=model)).process(micrograph, work=work)) == 0


def test_a_model_that_is_not_whole_is_told(install: Install, model: Path) -> None:
    install("xmipp_micrograph_automatic_picking")
    assert "no model was given" in " ".join(missing(PickWithXmipp()))
    model.with_name("model_pca_model.stk").unlink()
    (said,) = missing(PickWithXmipp(XmippPicking(model=model)))
    assert "there is no model_pca_model.stk" in said
    model.with_name("config.xmd").write_text("# XMIPP_STAR_1 * \ndata_other\n _x 1\n")
    with pytest.raises(ItemFailed) as told:
        PickWithXmipp(XmippPicking(model=model)).command(None, None)  # type: ignore[arg-type]
    assert told.value.code == "bad-model"


def _picks(places: list[tuple[float, float]], pixel_size: float = 2.0) -> Picks:
    x, y = np.array(places, np.float64).reshape(-1, 2).T
    return Picks(
        exposure="a", x=column(x), y=column(y), score=column(np.ones(len(x))), diameter=100.0,
        pixel_size=pixel_size,
    )  # fmt: skip


def test_pickers_agree_in_pixels_of_the_finest(install: Install, work: Work) -> None:
    install("xmipp_coordinates_consensus")
    found = {
        "first": _picks([(10, 20), (100, 40), (200, 200)]),
        "second": _picks([(24, 40), (200, 84)], pixel_size=1.0),
        "third": _picks([(11, 21)]),
    }
    assert missing(AgreeOnPicksWithXmipp()) == ()
    every = AgreeOnPicksWithXmipp().agree(found, work)
    assert (len(every), every.pixel_size, every.diameter) == (1, 1.0, 100.0)
    assert abs(every.x[0] - 22) <= 1 and abs(every.y[0] - 41) <= 1 and every.score[0] == 1
    two = AgreeOnPicksWithXmipp(XmippAgreement(votes="two")).agree(found, work)
    assert sorted(np.round(two.score, 2)) == pytest.approx([0.67, 1.0], abs=0.01)
    one = AgreeOnPicksWithXmipp(XmippAgreement(votes="one")).agree(found, work)
    assert len(one) == 3 and list(one.score) == sorted(one.score, reverse=True)
    none = AgreeOnPicksWithXmipp().agree({**found, "fourth": _picks([])}, work)
    assert len(none) == 0
    apart = AgreeOnPicksWithXmipp().agree({"a": _picks([(10, 10)]), "b": _picks([(90, 90)])}, work)
    assert len(apart) == 0


def test_the_consensus_needs_scipions_python(
    install: Install, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("xmipp_coordinates_consensus")
    monkeypatch.setenv("STAND_IN", "script")
    with pytest.raises(ItemFailed) as told:
        AgreeOnPicksWithXmipp().agree({"a": _picks([(10, 10)]), "b": _picks([(10, 10)])}, work)
    assert told.value.code == "no-scipion"


@pytest.fixture
def particles(tmp_path: Path) -> Particles:
    """Thirty images, of which the eighth is far noisier."""
    images = np.random.default_rng(4).normal(0, 1, (30, 16, 16)).astype(np.float32)
    images[7] *= 9
    values = column(np.arange(30.0))
    return Particles(
        exposure="a", stack=write_mrc(tmp_path / "a stack.mrcs", images, 2.0), box=16,
        optics=Optics(pixel_size=2.0, voltage=300.0), micrograph=tmp_path / "a.mrc",
        micrograph_pixel_size=1.0, x=values, y=values, score=values, defocus_u=values,
        defocus_v=values, defocus_angle=values,
    )  # fmt: skip


def test_particles_that_stand_out_are_left_out(
    install: Install, particles: Particles, work: Work
) -> None:
    install("xmipp_image_sort_by_statistics")
    protocol = ScreenParticlesWithXmipp()
    assert missing(protocol) == ()
    made = protocol.process(particles, work=work)
    assert (len(made), made.found, made.left_out) == (29, 30, (1,))
    assert 7 not in made.x and list(made.x) == sorted(made.x), "in the order in which they came"
    kept = np.delete(np.arange(30), 7)
    np.testing.assert_array_equal(read_stack(made.stack), read_stack(particles.stack, kept))
    assert protocol.summarize([made]) == "29 of 30 particles were kept"
    assert "z-score 3 at most" in protocol.methods()


def test_too_few_particles_all_stay(install: Install, particles: Particles, work: Work) -> None:
    install("xmipp_image_sort_by_statistics")
    few = {name: column(np.arange(5.0)) for name in
           ("x", "y", "score", "defocus_u", "defocus_v", "defocus_angle")}  # fmt: skip
    from dataclasses import replace

    made = ScreenParticlesWithXmipp().process(replace(particles, **few), work=work)
    assert len(made) == 5 and made.limits == () and made.stack == particles.stack
    assert "1 micrographs had too few" in ScreenParticlesWithXmipp().summarize([made])
    anything = XmippScreening(z_max=0)
    assert len(ScreenParticlesWithXmipp(anything).process(particles, work=work)) == 30


@pytest.mark.parametrize("played", ["short", "half", "nothing"])
def test_a_list_that_is_not_whole_is_refused(
    install: Install, particles: Particles, work: Work, monkeypatch: pytest.MonkeyPatch, played: str
) -> None:
    install("xmipp_image_sort_by_statistics")
    monkeypatch.setenv("STAND_IN", played)
    with pytest.raises(BadOutput):
        ScreenParticlesWithXmipp().process(particles, work=work)
