"""Items that are kept light, and never judged on less than a protocol asks for."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from icestream.engine.record.light import JudgedItems, lightened
from icestream.model import Ctf, Optics, qualities_of
from toys import Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """An item with something large."""

    exposure: str
    score: float
    track: tuple[float, ...]
    path: Path

    def qualities(self) -> dict[str, float]:
        return {"track.length": float(len(self.track))}


TRACKED = Tracked(exposure="e1", score=0.5, track=(0.0,) * 900, path=Path("/x"))


def test_what_was_measured_and_what_is_small_is_kept() -> None:
    light = lightened(TRACKED)
    assert isinstance(light, Tracked)
    assert (light.exposure, light.score) == ("e1", 0.5)
    assert qualities_of(light) == {"track.length": 900.0}


def test_what_is_not_kept_is_missed_aloud() -> None:
    light = lightened(TRACKED)
    for name in ("track", "path"):
        with pytest.raises(AttributeError):
            getattr(light, name)


def test_a_type_that_would_answer_with_its_defaults_stays_whole() -> None:
    @dataclass(frozen=True)
    class Plain:
        exposure: str
        track: tuple[float, ...] = ()

    plain = Plain("e1", (1.0,) * 99)
    assert lightened(plain) is plain


def test_they_are_known_by_the_results_that_they_were_made_of() -> None:
    kept = JudgedItems()
    given = {"number": Number(exposure="e1", value=3.0), "quality": None}
    light = kept.keep(1, 7, "[1]", given)
    assert kept.get(1, 7, "[1]") == light
    assert kept.get(1, 7, "[2]") is None
    assert kept.get(2, 7, "[1]") is None
    for revision in (2, 3):
        kept.keep(revision, 7, "[1]", given)
    assert kept.get(1, 7, "[1]") is None, "only the last ones are kept"
    assert kept.get(3, 7, "[1]") is not None


def test_an_item_of_ours_keeps_its_optics_and_numbers() -> None:
    optics = Optics(pixel_size=1.5, voltage=300.0)
    ctf = Ctf(
        exposure="a", optics=optics, defocus_u=15200.0, defocus_v=14800.0, angle=30.0,
        resolution=4.2,
    )  # fmt: skip
    light, other = lightened(ctf), lightened(replace(ctf, optics=replace(optics)))
    assert qualities_of(light) == dict(qualities_of(ctf))
    assert light.optics == ctf.optics
    assert light.optics is other.optics, "thousands have the same"
