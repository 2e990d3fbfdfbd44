"""The report in a real browser: it draws itself, says nothing in the console, and asks nobody."""

import functools
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

import cookbook
from icestream.engine.graph.workflow import Workflow
from icestream.engine.session import run_session
from icestream.protocol import Registry
from icestream.report.writer import ReportWriter, write_report
from icestream.store import tables as t
from icestream.store.writing import Writes
from report_session import STEPS, SampleSession
from toy_session import InlineExecutor

Read = Callable[..., Page]
PHONE = {"viewport": {"width": 390, "height": 844}}
DESKTOP = {"viewport": {"width": 1440, "height": 900}}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of 300 exposures with all that a page can show, and a name that is markup."""
    folder = tmp_path_factory.mktemp("page") / "session"
    session = SampleSession(folder, start=1.79e9, name="grid <script>alert(1)</script> & 2")
    session.grow(300, settle=False)
    session.classify()
    session.reconstruct()
    session.estimate_gain()
    session.measure(20)
    session.warn("critical", "Disk is 96 % full <b>now</b>", "FoilHole_9015884_Data_9017347_0")
    session.warn("notice", "Thick ice", "", cleared=True)
    return write_report(folder)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(report: Path) -> Iterator[str]:
    """The same report from a web server."""
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Quiet, directory=str(report.parent))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()
    thread.join()
    server.server_close()


def bottom(page: Page, place: str) -> float:
    """Where something ends, in pixels from the top of the page."""
    box = page.locator(place).first.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    across: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return across


@pytest.mark.parametrize("width", [1400, 390])
def test_the_page_draws_everything_from_a_folder(report: Path, read: Read, width: int) -> None:
    page = read(report, viewport={"width": width, "height": 12_000})
    text = page.locator("body").inner_text().replace("\u202f", " ")
    for words in (
        "Disk is 96 % full", "1 past alert", "300 movies of 40 frames", "CTF fit resolution",
        "300 kV", "24 classes", "300 exposures", "105 148 particles in 24 classes",
    ):  # fmt: skip
        assert words in text, f"{words!r} is missing on the page"
    for words in (r"Movies found\s+300", r"Behind\s+3", r"Pixel size\s+1\.5"):
        assert re.search(words, text), f"{words!r} is missing on the page"
    shown = page.locator("#trends figure")
    assert shown.count() == (11 if width > 700 else 4)
    assert page.locator("#workflow [data-state=running]").count() == len(STEPS)
    assert page.locator("#classes").get_by_role("img").count() == 24
    assert page.locator("#steps > div > section").count() == 10, "two have limits alone"
    assert "11.4 Å" in page.locator("#maps").inner_text()
    assert page.locator("#maps figure").count() == 2
    assert page.locator('#maps img[src^="pictures/maps-volume.jpg"]').count() == 1
    assert "fits when turned by 90°" in page.locator("#gains").inner_text()
    assert page.locator('#gains img[src^="pictures/gains-gain.jpg"]').count() == 1
    assert page.locator("#machine svg").count() == 6
    assert page.locator("#exposures").get_by_role("row").count() > 15
    assert page.locator('main ol a[href*="exposures"]').count() == 11
    assert overflow(page) <= 0


def test_a_phone_unfolds_the_other_trends(report: Path, read: Read) -> None:
    page = read(report, viewport={"width": 390, "height": 12_000})
    page.get_by_text("7 more").click()
    expect(page.locator("#trends figure")).to_have_count(11)


def test_the_first_screen_answers_without_scrolling(report: Path, read: Read) -> None:
    page = read(report, **DESKTOP)
    assert bottom(page, "main figure:has(canvas) >> nth=5") <= 900
    assert overflow(page) <= 0
    page.locator("#workflow").scroll_into_view_if_needed()
    page.locator("#workflow [data-state]").first.wait_for()
    drawing = page.get_by_label("Steps and their links").bounding_box()
    around = page.locator("#workflow").bounding_box()
    assert drawing is not None
    assert around is not None
    assert drawing["height"] < 700, "the workflow is seen at once"
    assert drawing["width"] <= around["width"]


def test_a_phone_sees_the_answers_and_scrolls_one_way(report: Path, read: Read) -> None:
    page = read(report, **PHONE)
    assert overflow(page) <= 0
    newest = page.get_by_role("heading", name="Newest exposure", exact=True).bounding_box()
    assert newest is not None
    # By now the report may be old enough for a notice above all else.
    stale = page.locator("#stale").bounding_box() if page.locator("#stale").count() else None
    assert newest["y"] - (stale["height"] + 16 if stale else 0) < 844


def test_the_first_screen_has_the_newest_exposure_classes_map_and_trends(
    report: Path, read: Read
) -> None:
    page = read(report, **DESKTOP)
    answers = page.get_by_label("Verdict").inner_text()
    assert re.search(r"(?s)Microscope.*Data.*Processing", answers)
    newest = page.locator("section", has=page.get_by_role("heading", name="Newest exposure")).first
    assert newest.locator('img[src="pictures/297.jpg"]').count() == 1, "the newest processed one"
    words = newest.inner_text()
    assert "Power spectrum" in words
    for number in ("CTF fit", "Defocus", "Astigmatism", "Motion"):
        assert re.search(rf"{number}\s+[0-9.,]+", words)
    glance = page.locator("section", has=page.get_by_role("heading", name="Classes and map"))
    assert glance.get_by_role("img").count() == 9, "eight classes and the map"
    assert glance.locator('img[src^="pictures/maps-volume.jpg"]').count() == 1
    assert page.locator("figure:has(canvas)").count() >= 6


@pytest.mark.parametrize("count", [1, 2])
def test_the_first_exposures_look_like_any_others(tmp_path: Path, read: Read, count: int) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(count)
    page = read(write_report(session.folder), **DESKTOP)
    assert "Too few to tell" in page.locator("main").inner_text()
    assert page.locator("figure:has(canvas)").count() >= 6
    assert bottom(page, "main figure:has(canvas) >> nth=5") <= 900


def test_limits_are_told_and_values_beyond_them_are_marked(tmp_path: Path, read: Read) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(40)
    session.teach("select", resolution_max=4.6)
    page = read(write_report(session.folder))
    assert "refused above 4.6" in page.locator("#trends").inner_text()
    assert page.locator('#exposures [data-beyond="refuses"]').count() > 0
    steps = page.locator("#steps").inner_text()
    assert "CTF monitor warns above 8" in steps
    assert "Selection of exposures refuses above 4.6" in steps


@pytest.mark.parametrize("exposures", [40, 700])
def test_a_value_far_beyond_the_others_is_counted(
    tmp_path: Path, read: Read, exposures: int
) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False)
    session.grow(exposures)
    with session.store.write() as connection:
        worst = t.quality.c.name == "ctf.resolution"
        rows = connection.execute(t.quality.select().where(worst)).all()
        one = t.quality.c.id == rows[len(rows) // 2].id
        connection.execute(t.quality.update().where(one).values(value=2600.0))
    page = read(write_report(session.folder))
    first = page.locator("#trends figure").first
    assert "1 above" in first.inner_text()
    assert re.search("1 above the axis", str(first.get_by_role("img").get_attribute("aria-label")))


def test_classes_have_number_count_resolution_and_choice(tmp_path: Path, read: Read) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(4)
    session.classify()
    session.add_choice([number <= 6 for number in range(1, 25)])
    page = read(write_report(session.folder))
    classes = page.locator("#classes")
    assert "6 chosen" in classes.inner_text()
    assert classes.locator('[data-chosen="true"]').count() == 6
    assert classes.locator("[data-left]").count() == 18
    first = str(classes.locator("li").first.get_attribute("title")).replace("\u202f", " ")
    assert re.fullmatch(r"Class 1: [0-9 ]+ particles, 6.2 Å, chosen", first)
    assert re.search(r"24\s", classes.inner_text())


def test_the_correlation_of_the_halves_has_axes(report: Path, read: Read) -> None:
    maps = read(report).locator("#maps")
    assert maps.get_by_label("Fourier shell correlation of the two halves over resolution").count()
    assert "spatial frequency, as resolution in Å" in maps.inner_text()


def test_no_number_is_a_row_of_zeros(report: Path, tmp_path: Path, read: Read) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(20)
    session.measure(2)
    with session.store.write() as connection:
        flat = t.quality.c.name == "ctf.ice_ring"
        connection.execute(t.quality.update().where(flat).values(value=0.0))
        connection.execute(t.sample.update().values(value=0.0))
    for page in (report, write_report(session.folder)):
        text = read(page).locator("body").inner_text()
        assert not re.search(r"\b0\.0{3,}\b", text)
        assert not re.search(r"\b(NaN|nan|null|undefined|Infinity)\b", text)


def test_a_session_of_micrographs_has_no_word_of_movies(tmp_path: Path, read: Read) -> None:
    random = np.random.default_rng(1)
    (tmp_path / "in").mkdir()
    for name in ("first", "second"):
        path = tmp_path / "in" / f"{name}.mrc"
        mrcfile.write(path, random.normal(8.0, 3.0, (512, 512)).astype(np.float32))
    steps = [
        {
            "name": "import",
            "protocol": "micrographs.import",
            "parameters": {"pattern": str(tmp_path / "in"), "voltage": 300.0, "pixel_size": 1.5},
        },
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
        run_session(
            tmp_path / "session",
            Workflow.from_document({"name": "bare", "steps": steps}),
            executor=InlineExecutor(),
        )
    report = write_report(tmp_path / "session")
    page = read(report)
    text = page.locator("body").inner_text()
    assert re.search(r"Micrographs found\s+2", text)
    assert "movie" not in text.lower()
    source = page.locator('img[alt^="Micrograph of"]').get_attribute("src")
    assert source is not None
    with Image.open(report.parent / source) as picture:
        assert picture.size == (512, 512)


def test_names_never_become_markup(report: Path, read: Read) -> None:
    page = read(report)
    assert page.locator("script:not([src])").count() == 1
    assert page.locator("b", has_text="now").count() == 0
    assert "<script>alert(1)</script>" in page.get_by_role("heading", level=1).inner_text()
    assert "<script>alert(1)</script>" in page.title()


def test_a_web_server_serves_it_too(address: str, read: Read) -> None:
    assert re.search(r"Movies found\s+300", read(address).locator("main").inner_text())


def test_a_link_opens_one_exposure_with_its_pictures(report: Path, read: Read) -> None:
    page = read(report, "#exposure-290")
    panel = page.get_by_role("dialog")
    expect(panel).to_contain_text("exposure 290")
    for title in ("Micrograph", "Power spectrum", "CTF", "Motion", "Motion over the field"):
        assert panel.get_by_text(title, exact=True).count() >= 1, title
    assert panel.locator("circle").count() > 40
    assert panel.locator('img[src="pictures/290.jpg"]').count() == 1
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a session with the cookbook's own item, which has a picture."""
    folder = tmp_path_factory.mktemp("plugin")
    random = np.random.default_rng(1)
    across = np.linspace(0.0, 4.0, 512, dtype=np.float32)
    (folder / "micrographs").mkdir()
    for name in ("first", "second"):
        image = random.normal(8.0, 3.0, (512, 512)).astype(np.float32)
        mrcfile.write(folder / "micrographs" / f"{name}.mrc", image + across)
    steps = [
        {
            "name": "import",
            "protocol": "micrographs.folder",
            "parameters": {"folder": str(folder / "micrographs")},
        },
        {"name": "ice", "protocol": "ice.draw", "inputs": {"micrograph": "import"}},
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICESTREAM_STATE", str(folder / "state"))
        run_session(
            folder / "session",
            Workflow.from_document({"name": "ice", "steps": steps}),
            registry=cookbook.registry(),
            executor=InlineExecutor(),
        )
    return folder / "session"


@pytest.mark.parametrize("installed", [True, False])
def test_a_picture_of_a_plugin_is_shown_with_the_plugin_and_without(
    plugin: Path, tmp_path: Path, read: Read, installed: bool
) -> None:
    registry = cookbook.registry() if installed else Registry([])
    with ReportWriter(plugin, tmp_path / "report", registry=registry) as writer:
        writer.update(patience=float("inf"))
    panel = read(writer.page, "#exposure-1").get_by_role("dialog")
    expect(panel.get_by_role("heading", name="Ice")).to_be_visible()
    shown = panel.get_by_alt_text("The micrograph without detail: thick ice is dark")
    source = shown.get_attribute("src")
    assert source is not None
    with Image.open(writer.folder / source) as picture:
        grey = np.asarray(picture, dtype=float)
    assert grey[:, :64].mean() < 80
    assert grey[:, -64:].mean() > 170
    said = "Not read: ice: cookbook_3:IceMap is not known here"
    assert (said in panel.inner_text()) is not installed


def test_pictures_of_a_plugins_snapshots_are_shown(tmp_path: Path, read: Read) -> None:
    """A batch step whose items nobody here knows, with a picture and a drawing."""
    session = SampleSession(tmp_path / "session", start=1.79e9)
    session.grow(6)
    (session.folder / "drawing.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="60">'
        '<rect width="80" height="60" fill="green"/></svg>'
    )
    session.classify()
    with session.store.write() as connection:
        ours = t.result.c.document.like('{"classes"%')
        pictures = [
            ["map", "pool/1.png", "Seen from above", "From the top"],
            ["map", "drawing.svg", "Drawn", ""],
        ]
        said = {
            "types": json.dumps({"map": "plugin:Map"}),
            "document": json.dumps({"map": {}}),
            "pictures": json.dumps(pictures),
        }
        connection.execute(t.result.update().where(ours).values(**said))
    report = write_report(session.folder)
    others = read(report).locator("#others")
    assert "plugin:Map is not known here" in others.inner_text()
    images = others.locator("img").all()
    assert [image.get_attribute("alt") for image in images] == ["From the top", "Drawn"]
    for image in images:
        source = str(image.get_attribute("src")).partition("?")[0]
        assert (report.parent / source).is_file()
    assert "Seen from above" in others.inner_text()


def test_a_link_shows_the_rejected_with_their_reasons(report: Path, read: Read) -> None:
    page = read(report, "#show-rejected")
    rows = page.locator("#exposures [role=rowgroup] [role=row]")
    shown = rows.count()
    assert shown > 3
    assert rows.filter(has_text="rejected").count() == shown
    assert rows.filter(has_text="select: ").count() == shown
    assert page.get_by_role("button", name="rejected").get_attribute("aria-pressed") == "true"


def test_an_old_report_of_a_running_session_says_so(report: Path, read: Read) -> None:
    live = report.parent / "live.js"
    found = live.read_text(encoding="utf-8")

    def written(when: float) -> Page:
        live.write_text(re.sub(r'"written":[0-9.]+', f'"written":{when}', found))
        return read(report)

    try:
        fresh, old = written(time.time()), written(1.79e9)
    finally:
        live.write_text(found)
    assert fresh.locator("#stale").count() == 0, "a fresh report needs no warning"
    assert old.locator("#stale [role=alert]").count() == 1
    assert "has not been updated since" in old.locator("#stale").inner_text()


def test_an_empty_session_says_what_it_waits_for(tmp_path: Path, read: Read) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    page = read(write_report(session.folder))
    assert "No movie has been found yet" in page.locator("main").inner_text()


def test_a_link_leads_to_a_part_that_is_filled_later(report: Path, read: Read) -> None:
    page = read(report, "#workflow", viewport={"width": 1400, "height": 600})
    page.wait_for_timeout(1500)
    place = page.locator("#workflow").bounding_box()
    assert place is not None
    assert 0 < place["y"] < 300
    assert page.get_by_label("Parts of the report").get_by_text("Classes").count() == 1


def test_the_menu_lists_what_is_there(tmp_path: Path, read: Read) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    page = read(write_report(session.folder))
    links = page.get_by_label("Parts of the report").get_by_role("link").all()
    assert [link.get_attribute("href") for link in links] == ["#main", "#workflow"]


def test_a_stopped_session_has_no_running_steps(tmp_path: Path, read: Read) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(6)
    with session.store.write() as connection:
        writes = Writes(session.numbers, session.now)
        writes.update(t.session, 1, state="stopped", changed=session.now)
        writes.flush(connection)
    page = read(write_report(session.folder))
    assert page.locator("#workflow [data-state=stopped]").count() == len(STEPS)
    assert page.locator("#workflow [data-state=running]").count() == 0
    text = page.locator("body").inner_text()
    assert "an hour" not in text, "a minute is too little for a rate"
    assert "last update" in text


def test_buttons_keys_and_points_answer(report: Path, read: Read) -> None:
    page = read(report)
    table = page.locator("#exposures")
    page.get_by_role("button", name="failed").click()
    expect(table.locator("[role=rowgroup] [role=row]")).to_have_count(3)
    expect(table).to_contain_text("3 of 300")
    page.get_by_role("button", name="failed").click()
    page.get_by_label("Search names").fill("9015981")
    expect(table).to_contain_text("3 of 300")
    page.get_by_label("Search names").fill("")
    expect(table).to_contain_text("300 exposures")
    page.locator('main ol a[href*="exposures"]').nth(2).click()
    panel = page.get_by_role("dialog")
    expect(panel).to_contain_text("exposure 295")
    page.keyboard.press("ArrowRight")
    expect(panel).to_contain_text("exposure 294")
    page.keyboard.press("ArrowLeft")
    expect(panel).to_contain_text("exposure 295")
    page.keyboard.press("ArrowLeft")
    expect(panel).to_contain_text("exposure 296")
    picks = panel.get_by_role("checkbox")
    assert panel.locator("[data-picks]").count() == 1
    picks.uncheck()
    expect(panel.locator("[data-picks]")).to_have_count(0)
    panel.get_by_label("Close").click()
    expect(panel).to_have_count(0)
    page.get_by_role("button", name="last 250").click()
    trend = page.locator("#trends figure").first
    expect(trend.get_by_role("img")).to_have_attribute("aria-label", re.compile("250.exposures"))


def test_keys_keep_to_what_the_table_shows(report: Path, read: Read) -> None:
    page = read(report, "#show-failed")
    page.locator("#exposures [role=rowgroup] button").first.click()
    panel = page.get_by_role("dialog")
    expect(panel).to_contain_text("failed")
    first = panel.inner_text()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(400)
    expect(panel).to_contain_text("failed")
    assert panel.inner_text() != first


def test_a_session_is_followed_while_it_is_written(tmp_path: Path, read: Read) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(20)
    with ReportWriter(session.store) as writer:
        writer.update(patience=float("inf"))
        page = read(writer.page)
        session.grow(5)
        writer.update(patience=float("inf"))
        expect(page.get_by_label("Counters")).to_contain_text("25", timeout=15_000)
        expect(page.locator("#exposures")).to_contain_text("25 exposures", timeout=5_000)
        expect(page.locator('img[src="pictures/25.jpg"]').first).to_be_visible()
        live = writer.folder / "live.js"
        said = live.read_text(encoding="utf-8")
        other = re.sub(r'"page":"[0-9a-f]+"', '"page":"another"', said)
        with page.expect_event("load", timeout=15_000):  # it loads itself again
            live.write_text(re.sub(r'"written":[0-9.]+', '"written":1.0', other))


def test_only_what_is_looked_at_is_read_of_a_long_session(tmp_path: Path, read: Read) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False)
    session.grow(3000)
    report = write_report(session.folder)
    asked: set[str] = set()
    page = read(report, asked=asked, **DESKTOP)

    def chunks() -> set[str]:
        return {name for url in asked for name in re.findall(r"exposures-\d+", url)}

    assert "exposures-0012" in chunks()
    assert len(chunks()) <= 3, "the newest exposures, and the first rows of the table"
    page.locator("#where").scroll_into_view_if_needed()
    page.get_by_label("Map of").first.wait_for()
    page.wait_for_timeout(500)
    assert len(chunks()) == 12
