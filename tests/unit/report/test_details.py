"""Details of an exposure, and facts of the acquisition."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from icestream.model import Ctf, Micrograph, Movie, Optics, Picks, to_document
from icestream.report.details import Facts, ctf_facts, exposure_details, items_of
from icestream.store import queries
from report_session import PIXEL, SIZE, SampleSession

MOVIE = Movie(
    exposure="e", path=Path("/data/e.eer"), frames=40, shape=(4096, 4096),
    optics=Optics(pixel_size=0.85, voltage=300.0), dose_per_frame=1.0, eer_grouping=27,
)  # fmt: skip


def test_items_are_known_by_their_fields_not_by_names(grown: SampleSession) -> None:
    name = queries.exposures(grown.store, state="done", limit=1)[0].name
    for record in queries.results_of(grown.store, name).values():
        renamed = {f"port{number}": each for number, each in enumerate(record.outputs.values())}
        for kind in (Movie, Micrograph, Ctf, Picks):
            same = {"import": Movie, "align": Micrograph, "ctf": Ctf, "pick": Picks}
            expected = int(same.get(record.step) is kind)
            assert len(list(items_of(grown.store, kind, renamed))) == expected


def test_items_of_another_version_are_known_too(grown: SampleSession) -> None:
    document = to_document(MOVIE)
    del document["defects"]
    found = list(items_of(grown.store, Movie, {"movie": {**document, "of_later": 1}}))
    assert [movie.frames for movie in found] == [40]
    assert list(items_of(grown.store, Micrograph, {"movie": document})) == []
    assert list(items_of(grown.store, Movie, {"verdict": {"accepted": True}})) == []


def test_details_hold_what_was_measured(grown: SampleSession) -> None:
    name = queries.exposures(grown.store, state="done", limit=1)[0].name
    found = queries.results_of(grown.store, name)
    micrograph = next(items_of(grown.store, Micrograph, found["align"].outputs))
    picks = next(items_of(grown.store, Picks, found["pick"].outputs))
    facts = Facts()
    details, pictures = exposure_details(
        grown.store, name, queries.steps(grown.store), {"pick": "LoG"}, facts
    )
    assert details["shape"] == [SIZE, SIZE]
    assert details["pixel_size"] == PIXEL
    assert set(pictures) == {"picture", "spectrum", "tracks"}
    for picture in pictures.values():
        assert picture is not None
        assert picture.is_file()
    assert list(details["picks"]) == ["LoG"]
    assert len(details["picks"]["LoG"]["x"]) == len(picks)
    np.testing.assert_allclose(details["picks"]["LoG"]["y"], np.asarray(picks.y), atol=0.5)
    # The specimen goes against the shift that undoes its motion, in Å from the first frame.
    assert micrograph.motion is not None
    shifts = np.asarray(micrograph.motion.shifts, dtype=float)
    np.testing.assert_allclose(details["track"], -(shifts - shifts[0]) * PIXEL, atol=0.006)
    assert len(details["curve"]["s"]) == len(details["curve"]["fitted"]) == 180
    assert len(facts)
    shown = dict(details["facts"])
    assert shown["Nominal defocus"] == "1.20 µm"
    assert shown["Stage"] == "10.0, -20.5, 3.0 µm"
    assert shown["Exposure group"] in "123"
    assert "Stage tilt" not in shown


def test_an_exposure_in_progress_has_few_details(grown: SampleSession) -> None:
    name = queries.exposures(grown.store, newest=True, limit=1)[0].name
    details, pictures = exposure_details(grown.store, name, queries.steps(grown.store), {}, Facts())
    assert set(details) == {"picks", "facts"}
    assert details["picks"] == {}
    assert [label for label, _ in details["facts"]] == [
        "Nominal defocus",
        "Stage",
        "Exposure group",
    ]
    assert set(pictures.values()) == {None}


def test_facts_tell_what_is_not_always_the_same() -> None:
    facts = Facts()
    facts.add(MOVIE, None)
    facts.add(replace(MOVIE, optics=replace(MOVIE.optics, pixel_size=1.06)), None)
    facts.add(MOVIE, None)
    shown = {fact["label"]: fact for fact in facts.shown()}
    assert shown["Pixel size"]["value"] == "0.85 Å"
    assert shown["Pixel size"]["note"] == "also 1.06 Å"
    assert shown["Voltage"]["note"] is None
    assert shown["Dose"]["value"] == "40 e/Å²"
    assert shown["Format"]["value"] == "EER"
    assert shown["EER frames in one"]["value"] == "27"
    assert shown["Gain reference"]["value"] == "none: corrected already"


def test_an_unknown_dose_is_said_to_be_unknown() -> None:
    facts = Facts()
    facts.add(replace(MOVIE, dose_per_frame=0.0), None)
    assert {"label": "Dose", "value": "not known", "note": None} in facts.shown()


def test_an_angle_that_means_nothing_is_not_shown() -> None:
    """Every number that was fitted comes with its error; what is unknown says so."""
    plain = Ctf(exposure="e", optics=MOVIE.optics, defocus_u=12400, defocus_v=12100, angle=33.0)
    assert list(ctf_facts(plain)) == []
    vague = replace(plain, defocus_error=21.3, astigmatism_error=250.0, angle_error=24.0)
    assert dict(ctf_facts(vague)) == {
        "Defocus error": "± 21 Å",
        "Astigmatism error": "± 250 Å",
        "Astigmatism angle": "unknown: hardly any astigmatism",
    }
    known = replace(
        vague, angle_error=3.2, phase_shift=91.0, phase_shift_error=4.0, thickness=900.0,
        thickness_error=31.0, gradient=(0.0, 0.36), gradient_error=0.02, shape=(4096, 4096),
    )  # fmt: skip
    shown = dict(ctf_facts(known))
    assert shown["Astigmatism angle"] == "33 ± 3°"
    assert shown["Phase shift"] == "91 ± 4°"
    assert shown["Tilt"] == "19.8 ± 1.0° about 90°"
    assert shown["Ice thickness"] == "900 ± 31 Å"
    unsure = replace(known, thickness_error=None)
    assert dict(ctf_facts(unsure))["Ice thickness"] == "900 Å"
