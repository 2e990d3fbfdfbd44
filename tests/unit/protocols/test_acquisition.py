"""What is known of a movie is put together from all sources."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from gatan_file import write_gatan
from icestream.formats.epu import read_epu_exposure
from icestream.formats.errors import FormatError
from icestream.formats.movie import MovieFacts
from icestream.formats.mrc import write_mrc
from icestream.model import Movie, Orientation
from icestream.protocols.acquisition import Acquisition, NotKnown
from icestream.protocols.import_parameters import ImportParameters
from icestream.protocols.preset import Preset

SHAPE = (16, 16)


def _facts(**more: object) -> MovieFacts:
    values: dict[str, object] = {
        "frames": 40,
        "shape": SHAPE,
        "dtype": np.dtype("u1"),
        "container": "tiff",
        "size": 1000,
    }
    return MovieFacts(**(values | more))  # type: ignore[arg-type]


def _describe(acquisition: Acquisition, path: Path, facts: MovieFacts | None = None) -> Movie:
    path.touch()
    beside = acquisition.sidecars(path)
    return acquisition.describe(path.stem, path, facts or _facts(), beside, path.stat())


def _messages(acquisition: Acquisition) -> dict[str, str]:
    return {alert.key: f"{alert.level}: {alert.message}" for alert in acquisition.alerts}


MDOC = """Voltage = {voltage}

[FrameSet = 0]
{more}PixelSpacing = {pixel_size}
TargetDefocus = -1.5
ImageShift = 1 2
NumSubFrames = 40
FrameDosesAndNumber = {dose} 40
DateTime = 25-Sep-23  14:13:26
"""


def _mdoc(acquisition: Acquisition, movie: Path, more: str = "", **changes: float) -> None:
    values = {"voltage": 300.0, "pixel_size": 0.82, "dose": 1.1} | changes
    path = movie.with_name(f"{movie.name}.mdoc")
    path.write_text(MDOC.format(more=more, **values))
    acquisition.notice(path)


def test_metadata_need_not_be_given(tmp_path: Path) -> None:
    acquisition = Acquisition(ImportParameters(spherical_aberration=2.7))
    _mdoc(acquisition, tmp_path / "a.tif")
    movie = _describe(acquisition, tmp_path / "a.tif")
    assert movie.optics.pixel_size == 0.82
    assert movie.optics.voltage == 300.0
    assert movie.optics.spherical_aberration == 2.7
    assert movie.dose_per_frame == 1.1
    assert (movie.frames, movie.eer_grouping, movie.shape) == (40, 1, SHAPE)
    assert movie.details is not None
    assert movie.details.nominal_defocus == 15000.0
    assert movie.details.beam_shift == (1.0, 2.0)
    assert movie.details.acquired is not None
    assert acquisition.alerts == ()


def test_what_is_given_wins_and_the_difference_is_reported(tmp_path: Path) -> None:
    acquisition = Acquisition(
        ImportParameters(pixel_size=0.85, voltage=300.0, spherical_aberration=2.7)
    )
    _mdoc(acquisition, tmp_path / "a.tif")
    movie = _describe(acquisition, tmp_path / "a.tif")
    assert movie.optics.pixel_size == 0.85
    assert movie.dose_per_frame == 1.1
    assert _messages(acquisition) == {
        "import.pixel_size.differs": "warning: pixel size of a.tif: 0.85 says the parameter given, "
        "0.82 says SerialEM's a.tif.mdoc; 0.85 is used (the parameter given)"
    }


def test_sources_that_contradict_each_other(tmp_path: Path) -> None:
    acquisition = Acquisition(ImportParameters())
    _mdoc(acquisition, tmp_path / "a.tif")
    movie = _describe(acquisition, tmp_path / "a.tif", _facts(pixel_size=0.90, frames=50))
    assert movie.optics.pixel_size == 0.82
    found = _messages(acquisition)
    assert found["import.pixel_size.differs"].startswith("notice: ")
    assert "has 50 frames, its metadata say 40" in found["import.frames.differ"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"voltage": 300.0},
            r"give --pixel-size \(pixel_size in a workflow\): the pixel size cannot be read",
        ),
        (
            {"pixel_size": 1.0},
            r"give --voltage \(voltage in a workflow\): the voltage cannot be read",
        ),
        (
            {},
            r"give --pixel-size and --voltage .*: the pixel size and the voltage cannot be read",
        ),
    ],
)
def test_what_must_be_known(tmp_path: Path, given: dict[str, float], said: str) -> None:
    acquisition = Acquisition(ImportParameters(**given))  # type: ignore[arg-type]
    with pytest.raises(NotKnown, match=f"^{said} from its header, and no EPU XML"):
        _describe(acquisition, tmp_path / "a.tif")


def test_damaged_metadata_are_not_missing_ones(tmp_path: Path) -> None:
    movie, half = tmp_path / "a.tif", tmp_path / "a.tif.mdoc"
    half.write_text("Voltage = 300\n[FrameSet = 0]\nPixelSpac")
    given = Acquisition(ImportParameters(voltage=300.0, pixel_size=1.0, dose_per_frame=1.0))
    given.notice(half)
    assert _describe(given, movie).dose_per_frame == 1.0
    message = _messages(given)["import.metadata.unreadable"]
    assert message.startswith(
        f"warning: metadata of a.tif cannot be used: {half}: expected a whole"
    )
    unaided = Acquisition(ImportParameters())
    unaided.notice(half)
    with pytest.raises(
        NotKnown, match=r"give --pixel-size and --voltage.*a\.tif\.mdoc: expected a whole section"
    ):
        _describe(unaided, movie)


def test_the_dose_may_be_unknown(tmp_path: Path) -> None:
    acquisition = Acquisition(ImportParameters(voltage=300.0, pixel_size=1.0))
    assert _describe(acquisition, tmp_path / "a.tif").dose_per_frame == 0.0
    assert "give --dose-per-frame" in _messages(acquisition)["import.dose_per_frame.unknown"]


def test_a_movie_without_metadata_among_others(tmp_path: Path) -> None:
    acquisition = Acquisition(ImportParameters())
    assert acquisition.expects_metadata("voltage")
    _mdoc(acquisition, tmp_path / "a.tif")
    _describe(acquisition, tmp_path / "a.tif")
    assert _describe(acquisition, tmp_path / "b.tif").optics.pixel_size == 0.82
    full = Acquisition(ImportParameters(voltage=300.0, pixel_size=1.0, dose_per_frame=1.0))
    assert not full.expects_metadata("pixel_size", "voltage", "dose_per_frame")


@pytest.mark.parametrize(
    ("frames", "dose", "grouping"),
    [(1000, 0.05, 20), (1000, 0.0499, 20), (7, 0.05, 7), (300, 3.0, 1), (400, None, 10)],
)
def test_eer_frames_are_grouped_by_dose(
    tmp_path: Path, frames: int, dose: float | None, grouping: int
) -> None:
    parameters = ImportParameters(voltage=300.0, pixel_size=1.0, dose_per_frame=dose)
    facts = _facts(container="eer", frames=frames)
    movie = _describe(Acquisition(parameters), tmp_path / "a.eer", facts)
    assert movie.eer_grouping == grouping
    assert movie.frames == frames // grouping
    assert movie.dose_per_frame == pytest.approx((dose or 0.0) * grouping)


@pytest.mark.parametrize(("container", "times"), [("eer", 2), ("tiff", 1)])
def test_upsampled_eer_has_more_and_smaller_pixels(
    tmp_path: Path, container: str, times: int
) -> None:
    given = {"voltage": 300.0, "pixel_size": 1.0, "dose_per_frame": 0.05, "eer_upsampling": 2}
    facts = _facts(container=container, frames=100, shape=(12, 16))
    movie = _describe(Acquisition(ImportParameters(**given)), tmp_path / "a", facts)
    assert movie.eer_upsampling == times
    assert movie.shape == (12 * times, 16 * times)
    assert movie.optics.pixel_size == 1.0 / times


FULL = ImportParameters(voltage=300.0, pixel_size=1.0, dose_per_frame=1.0)


def _gain(folder: Path, name: str, shape: tuple[int, int] = SHAPE) -> Path:
    write_mrc(folder / name, np.ones(shape, np.float32))
    return folder / name


def test_the_gain_that_the_metadata_name(tmp_path: Path) -> None:
    acquisition = Acquisition(FULL)
    _mdoc(acquisition, tmp_path / "a.tif", "GainReference = X:\\frames\\CountRef_1.dm4\n")
    _mdoc(acquisition, tmp_path / "b.tif", "GainReference = CountRef_1.mrc\n")
    assert _describe(acquisition, tmp_path / "a.tif").gain is None
    assert "CountRef_1.dm4" in _messages(acquisition)["import.gain.missing"]
    for name in ("CountRef_1.mrc", "CountRef_2.mrc"):
        acquisition.notice(_gain(tmp_path, name))
    for name in ("a.tif", "b.tif"):
        assert _describe(acquisition, tmp_path / name).gain == tmp_path / "CountRef_1.mrc"


def test_the_only_gain_that_is_there(tmp_path: Path) -> None:
    acquisition = Acquisition(FULL)
    assert _describe(acquisition, tmp_path / "a.tif").gain is None
    acquisition.notice(_gain(tmp_path, "gain.mrc"))
    assert _describe(acquisition, tmp_path / "a.tif").gain == tmp_path / "gain.mrc"
    assert _messages(acquisition)["import.gain.found"].startswith("notice")
    acquisition.notice(_gain(tmp_path, "gain2.mrc"))
    assert _describe(acquisition, tmp_path / "a.tif").gain is None
    assert "gain.mrc, gain2.mrc" in _messages(acquisition)["import.gain.unclear"]
    corrected = _facts(dtype=np.dtype("f4"))
    assert _describe(acquisition, tmp_path / "a.tif", corrected).gain is None
    silent = Acquisition(FULL.model_copy(update={"find_gain": False}))
    silent.notice(tmp_path / "gain.mrc")
    assert _describe(silent, tmp_path / "a.tif").gain is None


def test_a_gain_of_another_size_is_refused(tmp_path: Path) -> None:
    gain = _gain(tmp_path, "gain.mrc", (16, 20))
    acquisition = Acquisition(FULL.model_copy(update={"gain": gain}))
    with pytest.raises(FormatError, match=r"16 x 16 .* found 16 x 20"):
        _describe(acquisition, tmp_path / "a.tif")


def test_exposure_groups_of_a_real_session(shared_data: Path, tmp_path: Path) -> None:
    """Ten shots of one position of the stage, each at its own beam shift."""
    acquisition = Acquisition(ImportParameters())
    folder = shared_data / "acquisition" / "epu_3.8_falcon4i"
    square = tmp_path / "GridSquare_77" / "Data"
    square.mkdir(parents=True)
    found = []
    for xml in sorted(folder.glob("*.xml")):
        shutil.copy(xml, square)
        acquisition.notice(square / xml.name)
        movie = _describe(
            acquisition,
            square / f"{xml.stem}_EER.eer",
            _facts(container="eer", frames=197, shape=(4096, 4096)),
        )
        assert movie.details is not None
        found.append(movie.details.group)
        assert movie.details.grid_square == "77"
        assert movie.details.foil_hole == "31936319"
        assert movie.optics.pixel_size == pytest.approx(0.41502, abs=1e-5)
        assert movie.dose == pytest.approx(25.4, abs=1.6)
        assert movie.dose_per_frame == pytest.approx(1.0, abs=0.07)
    assert found == list(range(1, 11))
    again = Acquisition(ImportParameters(), acquisition.document())
    for xml in sorted(folder.glob("*.xml"), reverse=True):
        again.notice(square / xml.name)
        movie = _describe(
            again,
            square / f"{xml.stem}_EER.eer",
            _facts(container="eer", frames=197, shape=(4096, 4096)),
        )
        assert movie.details is not None
        assert movie.details.group == found.pop()


@pytest.mark.parametrize("eer", [False, True])
def test_how_the_gain_reference_lies_is_said_with_the_movie(tmp_path: Path, eer: bool) -> None:
    """And the size is that of the reference once it is laid so."""
    write_mrc(tmp_path / "g.mrc", np.ones((16, 12), np.float32))
    given = ImportParameters(
        gain=tmp_path / "g.mrc", gain_rotation=90, gain_flip="up-down", gain_inverse=True,
        pixel_size=1.0, voltage=300.0, dose_per_frame=1.0,
    )  # fmt: skip
    facts = _facts(shape=(12, 16), container="eer" if eer else "tiff")
    movie = _describe(Acquisition(given), tmp_path / "a.tif", facts)
    assert movie.gain_orientation == Orientation(rotation=90, flip="up-down", inverse=True)
    with pytest.raises(FormatError, match="gain_rotation=90 or 270"):
        _describe(
            Acquisition(given.model_copy(update={"gain_rotation": 0})), tmp_path / "a.tif", facts
        )


def test_a_gatan_reference_and_what_it_was_converted_to_are_one(tmp_path: Path) -> None:
    write_gatan(tmp_path / "gain_1.dm4", np.ones(SHAPE, "f4"))
    acquisition = Acquisition(ImportParameters(pixel_size=1.0, voltage=300.0, dose_per_frame=1.0))
    acquisition.notice(tmp_path / "gain_1.dm4")
    assert _describe(acquisition, tmp_path / "a.tif").gain == tmp_path / "gain_1.dm4"
    write_mrc(tmp_path / "gain_1.mrc", np.ones(SHAPE, np.float32))
    acquisition.notice(tmp_path / "gain_1.mrc")
    assert _describe(acquisition, tmp_path / "b.tif").gain == tmp_path / "gain_1.mrc"


def test_numbers_that_make_no_sense_are_told(tmp_path: Path) -> None:
    """What they cost, too: without a pixel size a movie cannot be taken, and it says why."""
    acquisition = Acquisition(ImportParameters(pattern=str(tmp_path)))
    _mdoc(acquisition, tmp_path / "a.tif", more="TiltAngle = inf\n")
    movie = _describe(acquisition, tmp_path / "a.tif")
    assert movie.optics.pixel_size == 0.82
    told = _messages(acquisition)["import.metadata.unreadable"]
    assert "TiltAngle in a.tif.mdoc is 'inf', which is not from -360 to 360 degrees" in told
    odd = _facts(odd=("the pixel size in the header of b.mrc is 'inf', which makes no sense",))
    lone = Acquisition(ImportParameters(pattern=str(tmp_path)))
    with pytest.raises(NotKnown, match=r"give --pixel-size .* in the header of b.mrc is 'inf'"):
        _describe(lone, tmp_path / "b.mrc", odd)


def test_nothing_of_one_exposure_is_anothers(tmp_path: Path) -> None:
    """What is the same for a session is inherited, and shown so; the rest is not known."""
    acquisition = Acquisition(ImportParameters())
    more = "TiltAngle = 12\nStagePosition = 1 2\nGainReference = none.mrc\n"
    _mdoc(acquisition, tmp_path / "a.tif", more=more)
    first = _describe(acquisition, tmp_path / "a.tif")
    assert first.inherited == ()
    lone = _describe(acquisition, tmp_path / "b.tif")
    assert (lone.optics.pixel_size, lone.optics.voltage) == (0.82, 300.0)
    assert lone.inherited == ("pixel_size", "voltage", "gain")
    assert lone.dose_per_frame == 0.0
    shot, other = lone.details, first.details
    assert shot is not None
    assert other is not None
    assert (other.tilt, other.nominal_defocus) == (12.0, 15000.0)
    assert [shot.acquired, shot.stage, shot.tilt, shot.beam_shift, shot.nominal_defocus] == (
        [None] * 5
    )
    assert shot.written is not None
    assert shot.group != other.group
    said = _messages(acquisition)
    assert "for b: time, stage, tilt" in said["import.metadata.missing"]
    assert said["import.metadata.inherited"].endswith("pixel size, voltage, gain of b")
    assert "the dose per frame of b.tif is not known" in said["import.dose_per_frame.unknown"]


def test_the_pixel_size_of_frames_of_another_size_is_not_inherited(tmp_path: Path) -> None:
    acquisition = Acquisition(ImportParameters())
    _mdoc(acquisition, tmp_path / "a.tif")
    _describe(acquisition, tmp_path / "a.tif")
    with pytest.raises(NotKnown, match="no EPU XML or mdoc was found for b"):
        _describe(acquisition, tmp_path / "b.tif", _facts(shape=(32, 32)))


def test_doses_that_differ_from_frame_to_frame(tmp_path: Path) -> None:
    acquisition = Acquisition(ImportParameters())
    mdoc = tmp_path / "a.tif.mdoc"
    text = MDOC.format(more="PriorRecordDose = 6.6\n", voltage=300, pixel_size=1, dose=1)
    mdoc.write_text(text.replace("= 1 40", "= 0.5 4 2.1 4").replace("= 40", "= 8"))
    acquisition.notice(mdoc)
    movie = _describe(acquisition, tmp_path / "a.tif", _facts(frames=8))
    assert movie.frame_doses == (0.5,) * 4 + (2.1,) * 4
    assert movie.dose == pytest.approx(10.4)
    assert movie.pre_exposure == 6.6
    short = _describe(acquisition, tmp_path / "a.tif", _facts(frames=6))
    assert short.frame_doses == (0.5,) * 4 + (2.1,) * 2
    assert short.dose == pytest.approx(6.2)
    assert "a.tif (6 of 8)" in _messages(acquisition)["import.frames.fewer"]
    grouped = _facts(frames=8, container="eer")
    fractions = Acquisition(ImportParameters(eer_dose=2.6))
    fractions.notice(mdoc)
    assert _describe(fractions, tmp_path / "a.tif", grouped).frame_doses == pytest.approx(
        (1.0, 1.0, 4.2, 4.2)
    )
    given = Acquisition(ImportParameters(dose_per_frame=1.5, pre_exposure=1.0))
    given.notice(mdoc)
    told = _describe(given, tmp_path / "a.tif", _facts(frames=8))
    assert (told.frame_doses, told.dose_per_frame, told.pre_exposure) == ((), 1.5, 1.0)


def test_a_change_of_the_optics_is_told_and_makes_another_group(tmp_path: Path) -> None:
    acquisition = Acquisition(ImportParameters())
    for name, size in (("a", 1.5), ("b", 1.0), ("c", 1.5)):
        _mdoc(acquisition, tmp_path / f"{name}.tif", pixel_size=size)
    groups = [
        _describe(acquisition, tmp_path / f"{name}.tif").details.group  # type: ignore[union-attr]
        for name in "abc"
    ]
    assert groups == [1, 2, 1]
    assert _messages(acquisition)["import.optics.changed.2"].startswith(
        "warning: the optics changed at b: pixel size 1.5 -> 1 Å"
    )


def test_metadata_that_say_too_little_are_named(tmp_path: Path) -> None:
    acquisition = Acquisition(ImportParameters(pixel_size=1.0))
    mdoc = tmp_path / "a.tif.mdoc"
    mdoc.write_text("[FrameSet = 0]\nTargetDefocus = -1\nDateTime = 25-Sep-23  14:13:26\n")
    acquisition.notice(mdoc)
    with pytest.raises(NotKnown, match=r"a\.tif\.mdoc, which was found, does not say it"):
        _describe(acquisition, tmp_path / "a.tif")


def test_each_kind_of_trouble_with_metadata_is_told_once(tmp_path: Path) -> None:
    """A time that nobody knows in all files does not hide one that is damaged."""
    acquisition = Acquisition(ImportParameters(pixel_size=1.0, voltage=300.0))
    for name in ("a_1", "a_2", "a_3", "a_4"):
        mdoc = tmp_path / f"{name}.tif.mdoc"
        _mdoc(acquisition, tmp_path / f"{name}.tif")
        text = mdoc.read_text().replace("25-Sep-23", "25-Sep-1904")
        mdoc.write_text(text.replace("300.0", "3e9") if name == "a_3" else text)
        _describe(acquisition, tmp_path / f"{name}.tif")
    told = {key: text for key, text in _messages(acquisition).items() if "unreadable" in key}
    assert list(told) == ["import.metadata.unreadable", "import.metadata.unreadable.1"]
    assert "metadata of a_1.tif cannot be used: DateTime" in told["import.metadata.unreadable"]
    assert "metadata of a_3.tif cannot be used: Volt" in told["import.metadata.unreadable.1"]


def test_a_pixel_size_of_another_field_is_told(tmp_path: Path) -> None:
    acquisition = Acquisition(ImportParameters(voltage=300.0))
    movie = tmp_path / "a.tif"
    text = "PixelSpacing = 3\nImageSize = 20 16\n[ZValue = 0]\nSubFramePath = a.tif\n"
    (tmp_path / "s.mdoc").write_text(f"{text}DateTime = 25-Sep-23  14:13:26\n")
    acquisition.notice(tmp_path / "s.mdoc")
    why = (
        "s.mdoc gives the pixel size (3 Å) of an image of 20 x 16 pixels, of which frames of "
        "16 x 16 are no binning: it is not used"
    )
    with pytest.raises(NotKnown) as told:
        _describe(acquisition, movie)
    assert why in str(told.value)
    assert "does not say it" not in str(told.value)
    assert why in _messages(acquisition)["import.metadata.unreadable"]


def test_doses_of_another_number_of_frames_are_told(tmp_path: Path) -> None:
    acquisition = Acquisition(ImportParameters())
    path = tmp_path / "a.tif.mdoc"
    _mdoc(acquisition, tmp_path / "a.tif")
    path.write_text(path.read_text().replace("1.1 40", "0.5 10 2.0 10"))
    movie = _describe(acquisition, tmp_path / "a.tif")
    assert movie.frame_doses == (0.5,) * 10 + (2.0,) * 30
    assert (
        "a.tif.mdoc gives the doses of 20 frames, and there are 40: the last is taken"
        in (_messages(acquisition)["import.metadata.unreadable"])
    )


def test_a_value_that_another_unit_explains_is_told_with_both(tmp_path: Path) -> None:
    acquisition = Acquisition(
        ImportParameters(pixel_size=0.082, voltage=300.0, dose_per_frame=44.0)
    )
    _mdoc(acquisition, tmp_path / "a.tif")
    _describe(acquisition, tmp_path / "a.tif")
    found = _messages(acquisition)
    assert found["import.pixel_size.differs"] == (
        "critical: pixel size of a.tif: 0.082 says the parameter given, 0.82 says SerialEM's "
        "a.tif.mdoc; 0.082 is used (the parameter given); did you mean 0.82 Å (0.082 nm)?"
    )
    assert found["import.dose_per_frame.differs"].startswith("critical: ")
    assert found["import.dose_per_frame.differs"].endswith(
        "44 e/Å² is the dose of the whole exposure"
    )


def test_a_dose_that_no_specimen_bears(tmp_path: Path) -> None:
    acquisition = Acquisition(ImportParameters(pixel_size=1.0, voltage=300.0, dose_per_frame=15.0))
    _describe(acquisition, tmp_path / "a.tif")
    assert _messages(acquisition)["import.dose.unusual"] == (
        "warning: the dose of a.tif is 40 x 15 = 600 e/Å² (usual: up to 300): is 15 e/Å² that of "
        "the whole exposure? Then give --dose-per-frame 0.375 (dose_per_frame in a workflow)"
    )


def test_an_unusual_value_of_a_header_is_told(tmp_path: Path) -> None:
    acquisition = Acquisition(ImportParameters(voltage=300.0, dose_per_frame=1.0))
    _describe(acquisition, tmp_path / "a.tif", _facts(pixel_size=0.1))
    assert _messages(acquisition)["import.pixel_size.unusual"] == (
        "warning: pixel size of a.tif, as the movie's header says it: 0.1 Å is unusual (usual: "
        "0.2 to 20 Å); did you mean 1 Å (0.1 nm)? Give --pixel-size (pixel_size in a workflow)"
    )


PRESETS = {
    "krios1": Preset(
        instruments=("TITAN52334130",),
        voltage=300.0,
        spherical_aberration=2.62,
        gain_flip="up-down",
    ),
    "glacios": Preset(voltage=200.0, spherical_aberration=1.9, amplitude_contrast=0.07),
}
CS = "spherical_aberration"


def test_a_cs_that_nobody_said_is_told_as_assumed(tmp_path: Path) -> None:
    acquisition = Acquisition(ImportParameters(pixel_size=1.0, voltage=300.0, presets=PRESETS))
    movie = _describe(acquisition, tmp_path / "a.tif")
    assert movie.optics.spherical_aberration == 2.7
    assert dict(movie.assumed) == {CS: "assumed", "amplitude_contrast": "assumed"}
    assert _messages(acquisition)["import.optics.assumed"] == (
        "notice: Cs 2.7 mm, amplitude contrast 0.1 assumed: neither you, the metadata nor a preset "
        "said so; give --cs (spherical_aberration in a workflow), or --microscope (microscope in a "
        "workflow) with a preset of the settings"
    )


def test_a_preset_says_what_neither_a_person_nor_the_metadata_say(tmp_path: Path) -> None:
    wanted = ImportParameters(microscope="glacios", presets=PRESETS, pixel_size=1.0)
    acquisition = Acquisition(wanted)
    movie = _describe(acquisition, tmp_path / "a.tif")
    optics = movie.optics
    assert (optics.voltage, optics.spherical_aberration, optics.amplitude_contrast) == (
        200.0, 1.9, 0.07,
    )  # fmt: skip
    assert dict(movie.assumed) == dict.fromkeys(
        (CS, "amplitude_contrast", "voltage"), "preset glacios"
    )
    assert "import.optics.assumed" not in _messages(acquisition)
    _mdoc(acquisition, tmp_path / "b.tif")
    later = _describe(acquisition, tmp_path / "b.tif")
    assert later.optics.voltage == 300.0, "the metadata come before the preset"
    assert "200 says preset glacios" in _messages(acquisition)["import.voltage.differs"]
    given = Acquisition(wanted.model_copy(update={CS: 1.4}))
    taken = _describe(Acquisition(ImportParameters(**given._parameters.changed())), tmp_path / "c")
    assert taken.optics.spherical_aberration == 1.4
    assert CS not in dict(taken.assumed)


def test_the_metadata_name_the_microscope_whose_preset_is_used(
    tmp_path: Path, shared_data: Path
) -> None:
    folder = shared_data / "acquisition" / "epu_3.8_falcon4i"
    xml = shutil.copy(sorted(folder.glob("*.xml"))[0], tmp_path)
    acquisition = Acquisition(ImportParameters(pixel_size=1.0, presets=PRESETS))
    instrument = read_epu_exposure(xml).instrument
    assert instrument
    krios = PRESETS["krios1"].model_copy(update={"instruments": (instrument.lower(),)})
    acquisition = Acquisition(
        ImportParameters(pixel_size=1.0, presets={**PRESETS, "krios1": krios})
    )
    acquisition.notice(Path(xml))
    movie = _describe(acquisition, tmp_path / f"{Path(xml).stem}_EER.tiff")
    assert movie.optics.spherical_aberration == 2.62
    assert movie.gain_orientation == Orientation(flip="up-down")
    assert dict(movie.assumed) == {CS: "preset krios1", "amplitude_contrast": "assumed"}


def test_the_orientation_that_is_given_comes_before_that_of_the_preset(tmp_path: Path) -> None:
    wanted = {"pixel_size": 1.0, "microscope": "krios1", "presets": PRESETS}
    movie = _describe(Acquisition(ImportParameters(**wanted)), tmp_path / "a.tif")  # type: ignore[arg-type]
    assert movie.gain_orientation == Orientation(flip="up-down")
    given = ImportParameters(gain_flip="none", **wanted)  # type: ignore[arg-type]
    assert _describe(Acquisition(given), tmp_path / "a.tif").gain_orientation == Orientation()
