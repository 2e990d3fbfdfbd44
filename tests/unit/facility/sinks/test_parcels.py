"""Parcels as values and as JSON."""

from icestream.facility.sinks.parcels import (
    CONTENTS,
    MotionContent,
    Parcel,
    VerdictContent,
    parcel_of,
    parents_first,
)


def motion(total: float) -> Parcel:
    content = MotionContent(
        number=3, exposure="e3", micrograph="/d/e3.mrc", total=total, track=((0.0, 0.5), (1.0, 2.0))
    )
    return Parcel("motion:3", content, ("movie:3",))


def test_the_version_is_of_the_content() -> None:
    one, same, other = motion(1.5), motion(1.5), motion(1.6)
    assert one.version == same.version != other.version
    assert one.kind == "motion"


def test_what_is_described_is_made_again() -> None:
    one = motion(1.5)
    again = parcel_of(one.described())
    assert again == one and again.version == one.version
    assert one.described()["after"] == ["movie:3"]


def test_none_comes_before_what_it_refers_to() -> None:
    verdict = Parcel("verdict:3", VerdictContent(number=3, exposure="e3", state="done"))
    assert parents_first([verdict, motion(1.0)]) == [motion(1.0), verdict]
    assert list(CONTENTS)[:2] == ["session", "movie"]
