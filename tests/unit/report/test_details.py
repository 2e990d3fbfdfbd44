"""Details of an exposure, and facts of the acquisition."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np

from icestream.model import (
    ITEM_TYPES,
    Ctf,
    Exposure,
    Micrograph,
    Movie,
    Optics,
    Picture,
    to_document,
)
from icestream.report.details import (
    Facts,
    Session,
    add_facts,
    ctf_facts,
    exposure_details,
    shot_facts,
)
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.items import items_of
from icestream.store.standing import reruns
from report_session import PIXEL, SIZE, SampleSession

MOVIE = Movie(
    exposure="e", path=Path("/data/e.eer"), frames=40, shape=(4096, 4096),
    optics=Optics(pixel_size=0.85, voltage=300.0), dose_per_frame=1.0, eer_grouping=27,
)  # fmt: skip


def of(session: SampleSession, **known: type) -> Session:
    types = ITEM_TYPES | {name.replace("__", ":"): kind for name, kind in known.items()}
    return Session(session.store, queries.steps(session.store), {"pick": "LoG"}, types)


def test_details_hold_what_was_measured(grown: SampleSession) -> None:
    name = queries.exposures(grown.store, state="done", limit=1)[0].name
    found = queries.results_of(grown.store, name)
    micrograph = items_of(grown.store, found["align"])["micrograph"]
    picks = items_of(grown.store, found["pick"])["picks"]
    facts = Facts()
    details, pictures = exposure_details(of(grown), name, facts)
    assert details["shape"] == [SIZE, SIZE]
    assert details["pixel_size"] == PIXEL
    assert [(one.picture.title, one.role) for one in pictures] == [
        ("Micrograph", "micrograph"),
        ("Motion over the field", ""),
        ("Power spectrum", "spectrum"),
    ]
    assert all(one.path.is_file() for one in pictures)
    assert details["unread"] == []
    assert list(details["picks"]) == ["LoG"]
    assert len(details["picks"]["LoG"]["x"]) == len(picks)
    assert details["picks"]["LoG"]["known"] is True
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
    details, pictures = exposure_details(of(grown), name, Facts())
    assert set(details) == {"picks", "facts", "decisions", "corrections", "unread"}
    assert details["picks"] == {}
    assert [label for label, _ in details["facts"]] == [
        "Nominal defocus",
        "Stage",
        "Exposure group",
    ]
    assert pictures == []


@dataclass(frozen=True, slots=True, kw_only=True)
class Ice:
    """What a plugin makes."""

    exposure: str
    map: Annotated[Path, Picture("Ice thickness", "Thick ice is dark")]


def make_ice(session: SampleSession, name: str, **columns: str) -> None:
    """The picks of an exposure are something of a plugin instead."""
    ice = Ice(exposure=name, map=Path("pool/0.png"))
    said = {
        "types": json.dumps({"ice": "ice:Map"}),
        "document": json.dumps({"ice": to_document(ice)}),
        "pictures": json.dumps([["ice", "pool/ice.png", "Ice of then", "Thick ice was dark"]]),
    }
    number = queries.results_of(session.store, name)["pick"].id
    with session.store.write() as connection:
        changed = t.result.update().where(t.result.c.id == number).values(**said | columns)
        connection.execute(changed)


def test_pictures_of_a_plugins_item_are_found_with_the_plugin_and_without(
    grown: SampleSession,
) -> None:
    name = queries.exposures(grown.store, state="done", limit=1)[0].name
    make_ice(grown, name)
    details, pictures = exposure_details(of(grown, ice__Map=Ice), name, Facts())
    assert details["unread"] == []
    assert (pictures[-1].picture, pictures[-1].path) == (
        Picture("Ice thickness", "Thick ice is dark"),
        grown.folder / "pool" / "0.png",
    )
    details, pictures = exposure_details(of(grown), name, Facts())
    assert details["unread"] == ["LoG: ice:Map is not known here"]
    assert (pictures[-1].picture, pictures[-1].path) == (
        Picture("Ice of then", "Thick ice was dark"),
        grown.folder / "pool" / "ice.png",
    )


def test_what_cannot_be_read_is_said_and_the_rest_is_shown(grown: SampleSession) -> None:
    name = queries.exposures(grown.store, state="done", limit=1)[0].name
    make_ice(grown, name, types="{}")
    details, pictures = exposure_details(of(grown), name, Facts())
    assert details["unread"] == ["LoG: its type was not recorded"]
    assert len(pictures) == 4
    make_ice(grown, name, document='{"ice": {"exposure": "e"}}')
    details, pictures = exposure_details(of(grown, ice__Map=Ice), name, Facts())
    assert details["unread"] == ["LoG: map: Field required"]


def test_of_two_items_of_one_type_the_pictures_of_the_deeper_step_are_shown(
    grown: SampleSession,
) -> None:
    name = queries.exposures(grown.store, state="done", limit=1)[0].name
    ctf = queries.results_of(grown.store, name)["ctf"]
    same = {"types": json.dumps({"ice": "icestream.model:Ctf"}), "pictures": "[]"}
    other = {**ctf.outputs["ctf"], "spectrum": "pool/3-spectrum.png"}
    make_ice(grown, name, document=json.dumps({"ice": other}), **same)
    _, pictures = exposure_details(of(grown), name, Facts())
    spectra = [one for one in pictures if one.role == "spectrum"]
    assert [(one.step, one.path.name) for one in spectra] == [("pick", "3-spectrum.png")]


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
    assert shown["Tilt of the specimen"] == "19.8 ± 1.0° about 90°"
    assert shown["Ice thickness from the CTF"] == "900 ± 31 Å"
    flat = replace(known, gradient=None, doubt="only 0.8 Thon rings lie between 30 and 10.7 Å")
    assert dict(ctf_facts(flat))["Tilt of the specimen"] == "none that can be told, less than 15°"
    assert dict(ctf_facts(flat))["CTF in doubt"].startswith("only 0.8 Thon rings")
    unsure = replace(known, thickness_error=None)
    assert dict(ctf_facts(unsure))["Ice thickness from the CTF"] == "900 Å"
    fading = replace(known, thickness=None, thickness_least=1300.0)
    assert dict(ctf_facts(fading))["Ice thickness from the CTF"] == "1300 Å at least"


def test_results_of_before_are_shown_where_there_are_none_of_now(grown: SampleSession) -> None:
    name = queries.exposures(grown.store, state="done", limit=1)[0].name
    whole, _ = exposure_details(of(grown), name, Facts())
    grown.change("ctf", "pick")
    bare, _ = exposure_details(of(grown), name, Facts())
    assert "curve" not in bare
    standing = reruns(grown.store).standing
    stood, _ = exposure_details(of(grown)._replace(standing=standing), name, Facts())
    assert stood == whole


def test_the_word_of_a_person_is_with_the_exposure(grown: SampleSession) -> None:
    name = queries.exposures(grown.store, state="done", limit=1)[0].name
    with grown.store.write() as connection:
        subject = t.subject.select().where(t.subject.c.name == name)
        connection.execute(
            t.decision.insert().values(
                id=1, step_id=grown.step_ids["select"], accepted=False, who="ann", why="ice",
                time=7.0, subject_id=connection.execute(subject).one().id,
            )
        )  # fmt: skip
    details, _ = exposure_details(of(grown), name, Facts())
    assert details["decisions"] == [
        {"accepted": False, "step": "select", "who": "ann", "why": "ice", "time": 7.0}
    ]


def test_what_a_movie_has_from_others_is_shown() -> None:
    assert dict(shot_facts(MOVIE, None)) == {}
    lent = replace(MOVIE, inherited=("pixel_size", "voltage"))
    assert dict(shot_facts(lent, None)) == {
        "From the movies before": "pixel size, voltage: no metadata of its own"
    }


def test_the_shot_of_a_micrograph_that_was_imported_is_shown() -> None:
    shot = Exposure(name="e", tilt=12.0, stage=(1.0, 2.0, 3.0), group=2)
    taken = Micrograph(
        exposure="e", path=Path("e.mrc"), shape=(8, 8), optics=MOVIE.optics, details=shot
    )
    assert dict(shot_facts(taken, None)) == {
        "Stage": "1.0, 2.0, 3.0 µm", "Stage tilt": "12.0°", "Exposure group": "2",
    }  # fmt: skip


def test_a_micrograph_that_was_aligned_elsewhere_is_its_own_picture(grown: SampleSession) -> None:
    name = queries.exposures(grown.store, state="done", limit=1)[0].name
    record = queries.results_of(grown.store, name)["align"]
    item = items_of(grown.store, record)["micrograph"]
    document = to_document(replace(item, thumbnail=None, tracks=None, motion=None))
    with grown.store.write() as connection:
        ours = t.result.c.id == record.id
        said = json.dumps({"micrograph": document})
        connection.execute(t.result.update().where(ours).values(document=said))
    _, pictures = exposure_details(of(grown), name, Facts())
    assert (pictures[0].role, pictures[0].path) == ("micrograph", item.path)
    assert pictures[0].picture.title == "Micrograph"
    assert pictures[0].pixel_size == item.optics.pixel_size


def test_facts_of_micrographs_have_no_word_of_movies() -> None:
    facts = Facts()
    assert facts.pixel_size == 0.0
    facts.add(Micrograph(exposure="e", path=Path("e.mrc"), shape=(8, 6), optics=MOVIE.optics), None)
    shown = {fact["label"]: fact["value"] for fact in facts.shown()}
    assert shown["Pixel size"] == "0.85 Å"
    assert shown["Size"] == "6 × 8 px"
    assert not {"Frames", "Frame size", "Gain reference", "Dose"} & shown.keys()
    assert facts.pixel_size == 0.85


def test_facts_say_where_a_value_is_from_that_nobody_said(grown: SampleSession) -> None:
    name = queries.exposures(grown.store, state="done", limit=1)[0].name
    movie = items_of(grown.store, queries.results_of(grown.store, name)["import"])["movie"]
    facts = Facts()
    facts.add(replace(movie, assumed=(("spherical_aberration", "preset krios1"),)), None)
    shown = {fact["label"]: fact["value"] for fact in facts.shown()}
    assert shown["Spherical aberration"] == "2.7 mm (preset krios1)"
    assert shown["Voltage"] == "300 kV"


def test_facts_of_the_acquisition_alone(grown: SampleSession) -> None:
    name = queries.exposures(grown.store, state="done", limit=1)[0].name
    alone, beside = Facts(), Facts()
    add_facts(of(grown), name, alone)
    exposure_details(of(grown), name, beside)
    assert alone.shown() == beside.shown()
    assert alone.shown(groups=9)[-1] == {"label": "Exposure groups", "value": "9", "note": None}
    assert {one["label"] for one in alone.shown()} >= {"Pixel size", "Voltage", "Frames"}
