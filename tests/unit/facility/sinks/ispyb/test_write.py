"""Shipments as rows, within one transaction."""

from datetime import UTC
from typing import Any

import pytest

from icestream.facility.sinks.ispyb.schema import read_schema
from icestream.facility.sinks.ispyb.write import Writer
from icestream.facility.sinks.parcels import (
    MotionContent,
    MovieContent,
    Parcel,
    SessionContent,
    VerdictContent,
)
from icestream.facility.sinks.sink import Shipment


class Keys:
    """A ledger in memory."""

    chosen = "cm31111-5"

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def key(self, parcel: str) -> str | None:
        return self.known.get(parcel)

    def newest(self, kind: str) -> int:
        return max((int(key) for one, key in self.known.items()
                    if one.startswith(f"{kind}:")), default=0)  # fmt: skip

    def first(self, kind: str) -> str | None:
        return None


SESSION = Parcel("session", SessionContent(
    uid="u9", name="s", workflow="w", folder="/p", microscope="k", project="", began=1.7e9,
    steps=(), software="icestream", images="/d",
))  # fmt: skip


def parcels(number: int, path: str = "/d/e.tiff") -> list[Parcel]:
    movie = MovieContent(number=number, exposure="e", path=path, taken_in=1.7e9)
    motion = MotionContent(number=number, exposure="e", micrograph="/m/e.mrc", total=9.0)
    verdict = VerdictContent(number=number, exposure="e", state="done")
    return [
        Parcel(f"movie:{number}", movie, ("session",)),
        Parcel(f"motion:{number}", motion, (f"movie:{number}",)),
        Parcel(f"verdict:{number}", verdict, (f"motion:{number}",)),
    ]


@pytest.mark.parametrize("returning", [True, False])
def test_rows_get_numbers_and_children_those_of_parents(ispyb: Any, returning: bool) -> None:
    """A server that does not return what it inserted, as MySQL, is asked row by row."""
    keys = Keys()
    writer = Writer(read_schema(ispyb.engine), UTC, "r")
    ispyb.engine.dialect.insert_returning = returning
    try:
        with ispyb.engine.begin() as connection:
            shipment = Shipment("u9", "s", [SESSION, *parcels(1), *parcels(2, "/d/f.tiff")], keys)
            received = writer.write(connection, shipment)
    finally:
        ispyb.engine.dialect.insert_returning = True
    assert not received.refused and len(received.keys) == 7
    for number in (1, 2):
        (motion,) = ispyb.rows("MotionCorrection", imageNumber=number)
        assert str(motion["movieId"]) == received.keys[f"movie:{number}"]
        assert str(motion["motionCorrectionId"]) == received.keys[f"motion:{number}"]
        assert motion["comments"] == "accepted"
    again = Writer(read_schema(ispyb.engine), UTC, "r")  # knows nothing, and finds them
    with ispyb.engine.begin() as connection:
        second = again.write(connection, shipment)
    assert second.keys == received.keys and ispyb.count("Movie") == 2


def test_what_belongs_to_a_refused_one_is_passed_over(ispyb: Any) -> None:
    writer = Writer(read_schema(ispyb.engine), UTC, "r")
    with ispyb.engine.begin() as connection:
        shipment = Shipment("u9", "s", [SESSION, *parcels(1, "/d/" + 300 * "x")], Keys())
        received = writer.write(connection, shipment)
    assert set(received.refused) == {"movie:1"} and set(received.keys) == {"session"}
    assert ispyb.count("MotionCorrection") == 0
