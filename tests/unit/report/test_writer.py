"""The report as a whole: complete, cheap to keep up, and right after a restart."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from icestream.model import Taken
from icestream.protocols.import_micrographs import ImportMicrographs
from icestream.protocols.import_movies import ImportMovies
from icestream.protocols.select_exposures import SelectExposures
from icestream.report.writer import ReportWriter, _taken, write_report
from icestream.store import tables as t
from icestream.store.open import NoStore, open_store
from report_session import SampleSession


def data(folder: Path, name: str) -> Any:
    text = (folder / name).read_text(encoding="utf-8")
    return json.loads(text[text.index("(") + 1 : text.rindex(")")])


def content(folder: Path) -> dict[str, Any]:
    """All that a report says, without what depends on when it was written."""
    found = {}
    for path in sorted(folder.rglob("*.js")):
        document = data(folder, str(path.relative_to(folder)))
        for key in ("version", "written", "every", "files", "now"):
            document.pop(key, None)
        if "chunks" in document:
            document["chunks"].pop("versions")
            document.pop("rates")
        found[str(path.relative_to(folder))] = document
    return found


def test_a_report_is_complete(grown: SampleSession) -> None:
    page = write_report(grown.folder)
    folder = page.parent
    assert page == grown.folder / "report" / "index.html"
    live = data(folder, "live.js")
    chunk = data(folder, "exposures-0001.js")
    assert len(chunk["name"]) == 30
    assert live["chunks"]["versions"] == [chunk["version"]]
    assert live["files"]["trends"] == data(folder, "trends.js")["version"]
    shown = [quality["name"] for quality in data(folder, "trends.js")["qualities"]]
    assert shown[:3] == ["ctf.resolution", "ctf.defocus", "ctf.astigmatism"]
    assert "ctf.angle" not in shown
    assert "ctf.phase_shift" not in shown, "it is zero for all"
    assert live["classes"][0]["items"]
    (sprite,) = live["classes"][0]["pictures"]
    assert (folder / sprite["src"].split("?")[0]).is_file()
    assert live["session"]["facts"]
    assert len(live["kept"]) == 27
    for order in live["kept"]:
        detail = data(folder, f"pictures/{order + 1}.js")
        assert detail["order"] == order
        assert [each["title"] for each in detail["pictures"]] == [
            "Micrograph",
            "Motion over the field",
            "Power spectrum",
        ]
        assert all((folder / each["src"]).is_file() for each in detail["pictures"])


def test_following_gives_the_same_report_as_writing_it_once(
    grown: SampleSession, tmp_path: Path
) -> None:
    with ReportWriter(grown.store, tmp_path / "followed") as writer:
        writer.update(patience=float("inf"))
        for count in (0, 3, 250):
            grown.grow(count, settle=count == 3)
            writer.update(patience=float("inf"))
        grown.classify()
        writer.update(patience=float("inf"))
    write_report(grown.store, tmp_path / "once")
    assert content(tmp_path / "followed") == content(tmp_path / "once")


def statements_of(session: SampleSession, work: Callable[[], None]) -> int:
    """Number of statements that the store ran during `work`."""
    ran: list[str] = []

    def note(*arguments: Any) -> None:
        ran.append(arguments[2])

    event.listen(session.store.engine, "before_cursor_execute", note)
    work()
    event.remove(session.store.engine, "before_cursor_execute", note)
    return len(ran)


def test_an_update_costs_what_changed_and_not_what_is_there(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False)
    costs = []
    with ReportWriter(session.store) as writer:
        for count in (300, 4700):
            session.grow(count)
            writer.update(patience=float("inf"))
            session.grow(4)
            before = {path: path.stat().st_mtime_ns for path in writer.folder.glob("exposures-*")}
            costs.append(statements_of(session, writer.update))
            changed = [path for path in before if path.stat().st_mtime_ns != before[path]]
            assert len(changed) <= 2, "full chunks are left alone"
    assert costs[1] <= costs[0] + 2
    sizes = {path.name: path.stat().st_size for path in writer.folder.glob("*.js")}
    assert sum(sizes.values()) < 1_000_000, "5,000 exposures without their pictures"
    assert sizes["live.js"] < 25_000
    assert sizes["trends.js"] < 80_000


def test_pictures_that_take_too_long_wait_for_the_next_update(grown: SampleSession) -> None:
    with ReportWriter(grown.store) as writer:
        writer.update(patience=0.0)
        assert data(writer.folder, "live.js")["kept"] == []
        writer.update(patience=float("inf"))
        assert len(data(writer.folder, "live.js")["kept"]) == 27


def test_a_restart_takes_the_pictures_over(
    grown: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_report(grown.store)
    before = content(grown.folder / "report")
    versions = data(grown.folder / "report", "live.js")["chunks"]["versions"]
    picture = grown.folder / "report" / "pictures" / "1.jpg"
    inode = picture.stat().st_ino
    write_report(grown.store)
    assert picture.stat().st_ino == inode
    assert content(grown.folder / "report") == before
    assert data(grown.folder / "report", "live.js")["chunks"]["versions"] >= versions


def test_titles_come_from_the_protocols_and_else_from_the_steps(grown: SampleSession) -> None:
    class Titles:
        def get(self, name: str) -> Any:
            from icestream.protocol import UnknownProtocol
            from icestream.protocols.estimate_ctf import EstimateCtf

            if name != "ctf.estimate":
                raise UnknownProtocol(name)
            return EstimateCtf

    with ReportWriter(grown.store, registry=Titles()) as writer:  # type: ignore[arg-type]
        writer.update()
        steps = {step["name"]: step["title"] for step in data(writer.folder, "live.js")["steps"]}
    assert steps["ctf"] == "CTF estimation"
    assert steps["align"] == "align"


def test_steps_of_one_protocol_are_told_apart_by_their_names(grown: SampleSession) -> None:
    class Titles:
        def get(self, name: str) -> Any:
            from icestream.protocols.estimate_ctf import EstimateCtf

            return EstimateCtf

    with grown.store.write() as connection:
        both = [grown.step_ids["ctf"], grown.step_ids["align"]]
        changed = t.revision.update().where(t.revision.c.step_id.in_(both))
        connection.execute(changed.values(protocol="one"))
    with ReportWriter(grown.store, registry=Titles()) as writer:  # type: ignore[arg-type]
        writer.update()
        steps = {step["name"]: step["title"] for step in data(writer.folder, "live.js")["steps"]}
    assert steps["ctf"] == "CTF estimation (ctf)"
    assert steps["align"] == "CTF estimation (align)"
    assert steps["pick"] == "CTF estimation"


def test_an_empty_session_has_a_page(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    page = write_report(session.folder)
    assert page.is_file()
    assert data(page.parent, "live.js")["counts"]["found"] == 0


def test_a_folder_without_a_session_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoStore, match="no icestream session"):
        write_report(tmp_path)


def test_a_session_that_has_not_begun_is_refused(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    with pytest.raises(NoStore, match="has not begun"):
        ReportWriter(tmp_path)


def test_a_result_that_cannot_be_read_does_not_stop_the_report(grown: SampleSession) -> None:
    with grown.store.write() as connection:
        documents = connection.execute(select(t.result.c.id, t.result.c.document)).all()
        for number, document in documents:
            spoiled = document.replace('"frames": 40', '"frames": "forty"')
            connection.execute(
                t.result.update().where(t.result.c.id == number).values(document=spoiled)
            )
    with ReportWriter(grown.store) as writer:
        writer.update(patience=float("inf"))
        live = data(writer.folder, "live.js")
    assert live["counts"]["accepted"] > 20
    detail = data(writer.folder, f"pictures/{live['kept'][0] + 1}.js")
    assert len(live["kept"]) == 27
    assert [each["title"] for each in detail["pictures"]] == ["Power spectrum"]
    assert detail["unread"][0].startswith("Movie alignment: frames: Input should be a valid int")


def test_pictures_of_another_version_of_the_page_are_made_anew(grown: SampleSession) -> None:
    page = write_report(grown.store)
    script, before = page.parent / "pictures" / "1.js", data(page.parent, "pictures/1.js")
    script.write_text("icestream.detail({});\n")
    write_report(grown.store)
    assert data(page.parent, "pictures/1.js") == {}, "taken over"
    page.write_text("<!doctype html>")
    write_report(grown.store)
    assert data(page.parent, "pictures/1.js") == before


def test_classes_carry_what_a_later_step_has_chosen(grown: SampleSession) -> None:
    with ReportWriter(grown.store) as writer:
        writer.update(patience=float("inf"))
        before = data(writer.folder, "live.js")["classes"][0]["items"]
        assert {item["chosen"] for item in before} == {None}
        grown.add_choice([number <= 6 for number in range(1, 25)])
        writer.update(patience=float("inf"))
        (classes,) = data(writer.folder, "live.js")["classes"]
        assert all(item["chosen"] == (item["number"] <= 6) for item in classes["items"])


def test_limits_are_there_and_follow_the_parameters(grown: SampleSession) -> None:
    with ReportWriter(grown.store) as writer:
        writer.update(patience=float("inf"))
        live = data(writer.folder, "live.js")
        assert live["qualities"]["ctf.resolution"]["limits"]["words"] == (
            "refused above 8\u202fÅ, and an alert warns of it"
        )
        assert live["called"] == {"one": "movie", "many": "movies"}
        assert live["expects"] == ["classes", "maps"]
        grown.teach("select", resolution_max=5.0)
        writer.update(patience=float("inf"))
        live = data(writer.folder, "live.js")
        assert live["qualities"]["ctf.resolution"]["limits"]["words"] == (
            "refused above 5\u202fÅ; warning above 8\u202fÅ"
        )


def test_a_limit_that_pixels_raise_is_right_at_the_first_writing(grown: SampleSession) -> None:
    grown.teach("select", resolution_max=4.0)
    live = data(write_report(grown.folder).parent, "live.js")
    words = live["qualities"]["ctf.resolution"]["limits"]["words"]
    assert words.startswith("refused above 4.5\u202fÅ"), "three pixels of 1.5 Å"


@pytest.mark.parametrize(
    ("source", "one"), [(ImportMovies, "movie"), (ImportMicrographs, "micrograph")]
)
def test_what_comes_in_is_taken_after_the_source(source: Any, one: str) -> None:
    assert _taken(source, Taken("x", "y")).one == one
    assert _taken(SelectExposures, Taken("x", "y")).one == "x", "it brings nothing"
