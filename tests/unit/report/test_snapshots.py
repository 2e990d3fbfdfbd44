"""What the page shows of classes, of a map and of a gain."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from icestream.model import ITEM_TYPES, Gain, Volume, to_document
from icestream.report.snapshots import Snapshot, chosen_of, facts_of_result, snapshot_of
from icestream.store import queries
from icestream.store.items import items_of
from icestream.store.records import ResultRecord
from report_session import SampleSession


def newest(session: SampleSession, step: str) -> ResultRecord:
    return queries.latest_results(session.store, step, limit=1)[0]


def shown(session: SampleSession, step: str) -> Snapshot:
    found = snapshot_of(session.store, newest(session, step), "Title", ITEM_TYPES)
    assert found is not None
    assert found.document["step"] == step
    assert found.document["title"] == "Title"
    return found


def test_classes_come_with_the_most_populated_first(grown: SampleSession) -> None:
    found = shown(grown, "classify")
    assert found.part == "classes"
    counts = [item["count"] for item in found.document["items"]]
    assert counts == sorted(counts, reverse=True)
    assert found.document["columns"] * found.document["rows"] >= len(counts)
    ((sprite, _),) = found.pictures
    assert isinstance(sprite, bytes)
    assert sprite.startswith(b"\x89PNG")


def test_classes_whose_file_is_gone_are_left_out(grown: SampleSession) -> None:
    (grown.folder / "pool" / "averages-1.mrcs").unlink()
    assert snapshot_of(grown.store, newest(grown, "classify"), "2D classes", ITEM_TYPES) is None


def test_a_map_comes_with_its_picture_and_the_correlation_of_its_halves(
    grown: SampleSession,
) -> None:
    grown.reconstruct()
    found = shown(grown, "volume")
    assert found.part == "maps"
    ((picture, mark),) = found.pictures
    assert isinstance(picture, Path)
    assert picture.is_file()
    assert mark.title == "Map"
    facts = dict(found.document["facts"])
    assert facts["Resolution (FSC 0.143)"] == "11.4 Å"
    assert facts["Symmetry"] == "O"
    assert facts["Particles"] == "4,120"
    curve = found.document["curve"]
    # Shell s of a box of 64 pixels of 3 Å lies at s / 192 Å; the one of no detail is left out.
    np.testing.assert_allclose(curve["s"], np.arange(1, 33) / 192, rtol=1e-3)
    crossing = np.interp(-0.143, -np.array(curve["measured"]), np.array(curve["s"]))
    assert abs(1 / crossing - 12.5) < 0.6


def test_a_map_that_is_not_there_yet_says_why(grown: SampleSession) -> None:
    grown.reconstruct()
    record = newest(grown, "volume")
    missing = Volume(particles=0, iteration=1, note="there are 40 of 200 particles")
    found = snapshot_of(
        grown.store, replace(record, outputs=_one("volume", missing)), "Map", ITEM_TYPES
    )
    assert found is not None
    assert found.document["note"] == "there are 40 of 200 particles"
    assert found.document["facts"] == []
    assert found.document["curve"] is None
    assert found.pictures == ()


def test_a_map_whose_halves_never_agree_says_so(grown: SampleSession) -> None:
    grown.reconstruct()
    record = newest(grown, "volume")
    volume = items_of(grown.store, record)["volume"]
    vague = replace(volume, resolution=0.0, resolution_half=0.0)
    found = snapshot_of(
        grown.store, replace(record, outputs=_one("volume", vague)), "Map", ITEM_TYPES
    )
    assert found is not None
    facts = dict(found.document["facts"])
    assert facts["Resolution (FSC 0.143)"] == "unknown: the halves agree nowhere"
    assert "Resolution (FSC 0.5)" not in facts


def test_a_map_says_where_its_resolution_ends_and_what_was_not_seen(grown: SampleSession) -> None:
    grown.reconstruct()
    record = newest(grown, "volume")
    volume = items_of(grown.store, record)["volume"]
    limited = replace(volume, resolution_is_limit=True, efficiency=0.06)
    found = snapshot_of(
        grown.store, replace(record, outputs=_one("volume", limited)), "Map", ITEM_TYPES
    )
    assert found is not None
    facts = dict(found.document["facts"])
    told = facts["Resolution (FSC 0.143)"]
    assert told.startswith("11.4 Å or better, the limit of ")
    assert told.endswith(", in directions that are seen")
    assert facts["Evenness of the views"] == "6%: too uneven, the map may be wrong"


def test_a_gain_says_how_its_reference_lies(grown: SampleSession) -> None:
    grown.estimate_gain()
    found = shown(grown, "gain")
    assert found.part == "gains"
    facts = dict(found.document["facts"])
    assert facts["Orientation of the reference"] == "wrong: fits when turned by 90° (41 σ)"
    assert facts["Reference"] == "gain.mrc"
    assert facts["Bad pixels not yet known"] == "17"
    gain = items_of(grown.store, newest(grown, "gain"))["gain"]
    alone = replace(gain, reference=None, verdict="none")
    record = replace(newest(grown, "gain"), outputs=_one("gain", alone))
    without = snapshot_of(grown.store, record, "Gain", ITEM_TYPES)
    assert without is not None
    assert dict(without.document["facts"])["Orientation of the reference"] == "no reference"


def test_what_has_a_screen_of_its_own_is_left_to_it(grown: SampleSession) -> None:
    grown.estimate_gain()
    grown.reconstruct()
    told = {
        step: facts_of_result(items_of(grown.store, newest(grown, step)))
        for step in ("gain", "classify", "volume", "pick")
    }
    assert told["classify"] is None
    assert told["volume"] is None
    assert told["pick"] == ("others", [])
    assert told["gain"] is not None
    assert told["gain"][0] == "gains"
    assert dict(told["gain"][1])["Reference"] == "gain.mrc"


def test_a_result_of_another_kind_shows_nothing(grown: SampleSession) -> None:
    record = newest(grown, "pick")
    assert snapshot_of(grown.store, record, "Picks", ITEM_TYPES) is None


def _one(port: str, item: Volume | Gain) -> dict[str, dict[str, object]]:
    return {port: to_document(item)}


def test_classes_say_whether_they_are_chosen_and_what_is_unknown(grown: SampleSession) -> None:
    record = newest(grown, "classify")
    items = shown(grown, "classify").document["items"]
    assert {item["chosen"] for item in items} == {None}
    assert chosen_of(grown.store, record, ITEM_TYPES) == {}
    judged = replace(
        grown.classes,
        selected=np.arange(24) < 5,
        resolution=np.where(np.arange(24) < 2, 0.0, 9.0),
    )
    record = replace(record, outputs=_one("classes", judged))
    found = snapshot_of(grown.store, record, "2D classes", ITEM_TYPES)
    assert found is not None
    for item in found.document["items"]:
        assert item["chosen"] == (item["number"] <= 5)
        assert item["resolution"] == (None if item["number"] <= 2 else 9)
    chosen = chosen_of(grown.store, record, ITEM_TYPES)
    assert [number for number, kept in chosen.items() if kept] == [1, 2, 3, 4, 5]
