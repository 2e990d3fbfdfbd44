"""The report in a real browser: it draws itself, says nothing in the console, and asks nobody."""

import functools
import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from PIL import Image

import cookbook
from browser import CHROMIUM, browse, section, text_of, with_script
from icestream.engine.graph.workflow import Workflow
from icestream.engine.session import run_session
from icestream.protocol import Registry
from icestream.report import ReportWriter, write_report
from icestream.store import tables as t
from icestream.store.writing import Writes
from report_session import STEPS, SampleSession
from toy_session import InlineExecutor

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed (Debian: apt-get install chromium)"
)


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


@pytest.mark.parametrize("width", [1400, 390])
def test_the_page_draws_everything_from_a_folder(report: Path, tmp_path: Path, width: int) -> None:
    page, console = browse(report.as_uri(), tmp_path, f"--window-size={width},2000")
    assert console == []
    text = text_of(page)
    for words in (
        "Movies found 300", "Behind by 3", "Disk is 96 % full", "1 past alert",
        "300 movies of 40 frames",
        "CTF fit resolution", "Pixel size 1.5", "300 kV", "24 classes", "1 to 25 of 300",
    ):  # fmt: skip
        assert words in text, f"{words!r} is missing on the page"
    assert section(page, "trends").count("<figure") == 11
    assert section(page, "workflow").count('class="step state-running"') == len(STEPS)
    assert section(page, "classes").count('class="average"') == 24
    assert section(page, "steps").count('class="card told') == 10, "two have limits alone"
    assert "11.4 Å" in text_of(section(page, "maps"))
    assert section(page, "maps").count("<figure") == 2
    assert 'src="pictures/maps-volume.jpg' in section(page, "maps")
    assert "fits when turned by 90°" in text_of(section(page, "gains"))
    assert 'src="pictures/gains-gain.jpg' in section(page, "gains")
    assert section(page, "machine").count("<figure") == 6
    assert section(page, "exposures").count('class="pic"') == 25
    assert page.count('class="thumb state-') == 11


LAYOUT = """
setTimeout(() => {
  const box = (place) => document.querySelector(place).getBoundingClientRect();
  document.body.dataset.notes = JSON.stringify({
    minis: box("#minis").bottom, latest: box("#latest").top, high: innerHeight,
    across: document.documentElement.scrollWidth, wide: innerWidth,
    drawing: box("#workflow-drawing svg").height,
    drawn: box("#workflow-drawing svg").right - box("#workflow-drawing").right,
  }).replaceAll('"', "'");
}, 3000);
"""


def layout(report: Path, tmp_path: Path, size: str) -> dict[str, float]:
    """Where the parts of the page lie, in pixels."""
    address = with_script(report, tmp_path, LAYOUT)
    done, console = browse(address, tmp_path, f"--window-size={size}")
    assert console == []
    found = re.search(r'data-notes="([^"]*)"', done)
    assert found is not None
    return dict(json.loads(found[1].replace("'", '"')))


def test_the_first_screen_answers_without_scrolling(report: Path, tmp_path: Path) -> None:
    places = layout(report, tmp_path, "1440,900")
    assert places["minis"] <= 900
    assert places["across"] <= places["wide"]
    assert places["drawing"] < 450, "the workflow is seen at once"
    assert places["drawn"] <= 0


def test_a_phone_sees_the_answers_and_scrolls_one_way(report: Path, tmp_path: Path) -> None:
    places = layout(report, tmp_path, "390,844")
    assert places["across"] <= places["wide"]
    assert places["latest"] < 844


def test_the_first_screen_has_the_newest_exposure_classes_map_and_trends(
    report: Path, tmp_path: Path
) -> None:
    page, _ = browse(report.as_uri(), tmp_path)
    answers = page.split('id="verdicts"')[1].split("</dl>")[0]
    words = text_of(answers)
    assert re.search("Microscope .* Data .* Processing", words)
    first = section(page, "first")
    assert 'href="pictures/297.jpg"' in first, "the newest that is processed"
    assert "Power spectrum" in first
    for number in ("CTF fit", "Defocus", "Astigmatism", "Motion"):
        assert re.search(rf"{number} [0-9.,]+", text_of(first))
    assert first.count('class="average"') == 8
    assert 'src="pictures/maps-volume.jpg' in first
    assert first.count('class="card mini"') == 6


@pytest.mark.parametrize("count", [1, 2])
def test_the_first_exposures_look_like_any_others(tmp_path: Path, count: int) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(count)
    report = write_report(session.folder)
    page, console = browse(report.as_uri(), tmp_path)
    assert console == []
    assert "Too few to tell" in text_of(page)
    assert section(page, "first").count('class="card mini"') == 6
    assert layout(report, tmp_path, "1440,900")["minis"] <= 900


def test_limits_are_lines_and_values_beyond_them_are_marked(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(40)
    session.teach("select", resolution_max=4.6)
    report = write_report(session.folder)
    page, console = browse(report.as_uri(), tmp_path)
    assert console == []
    assert 'class="limit refuses"' in section(page, "trends")
    assert "refused above 4.6" in text_of(section(page, "trends"))
    assert 'class="n over refuses"' in section(page, "exposures")
    assert "CTF monitor warns above 8" in text_of(section(page, "steps"))
    assert "Selection of exposures refuses above 4.6" in text_of(section(page, "steps"))


@pytest.mark.parametrize("exposures", [40, 700])
def test_a_value_far_beyond_the_others_is_at_the_rim_and_counted(
    tmp_path: Path, exposures: int
) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False)
    session.grow(exposures)
    with session.store.write() as connection:
        worst = t.quality.c.name == "ctf.resolution"
        rows = connection.execute(t.quality.select().where(worst)).all()
        one = t.quality.c.id == rows[len(rows) // 2].id
        connection.execute(t.quality.update().where(one).values(value=2600.0))
    page, console = browse(write_report(session.folder).as_uri(), tmp_path)
    assert console == []
    plot = section(page, "trends").split("<figure")[1]
    assert "1 above ↑" in text_of(plot)
    assert len(re.findall(r'class="dot( rejected)? out"', plot)) == 1
    ticks = [float(each) for each in re.findall(r'text-anchor="end">([0-9.]+)</text>', plot)]
    assert max(ticks) < 30


def test_classes_have_number_count_resolution_and_choice(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(4)
    session.classify()
    session.add_choice([number <= 6 for number in range(1, 25)])
    page, console = browse(write_report(session.folder).as_uri(), tmp_path)
    assert console == []
    classes = section(page, "classes")
    assert "6 chosen" in text_of(classes)
    assert classes.count('class="chosen"') == 6
    assert classes.count('class="left"') == 18
    assert re.search(r'title="Class 1: [0-9,]+ particles, 6.2 Å, chosen"', classes)
    assert re.search(r'<span class="number">24</span>', classes)


def test_the_correlation_of_the_halves_has_axes(report: Path, tmp_path: Path) -> None:
    page, _ = browse(report.as_uri(), tmp_path)
    words = text_of(section(page, "maps"))
    assert "0.5 1.0 FSC spatial frequency, as resolution / Å" in words


def test_no_number_is_a_row_of_zeros(report: Path, tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(20)
    session.measure(2)
    with session.store.write() as connection:
        flat = t.quality.c.name == "ctf.ice_ring"
        connection.execute(t.quality.update().where(flat).values(value=0.0))
        connection.execute(t.sample.update().values(value=0.0))
    for page in (report, write_report(session.folder)):
        text = text_of(browse(page.as_uri(), tmp_path)[0])
        assert not re.search(r"\b0\.0{3,}\b", text)
        assert not re.search(r"\b(NaN|nan|null|undefined|Infinity)\b", text)


def test_a_session_of_micrographs_has_no_word_of_movies(tmp_path: Path) -> None:
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
    page, console = browse(report.as_uri(), tmp_path)
    assert console == []
    text = text_of(page)
    assert "Micrographs found 2" in text
    assert "movie" not in text.lower()
    source = re.search(r'href="(pictures/[0-9]+\.jpg)"', section(page, "first"))
    assert source is not None
    with Image.open(report.parent / source[1]) as picture:
        assert picture.size == (512, 512)


def test_names_never_become_markup(report: Path, tmp_path: Path) -> None:
    page, _ = browse(report.as_uri(), tmp_path)
    assert page.count("<script>") == 1
    assert "<b>now</b>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_web_server_serves_it_too(address: str, tmp_path: Path) -> None:
    page, console = browse(address, tmp_path)
    assert console == []
    assert "Movies found 300" in text_of(page)


def test_a_link_opens_one_exposure_with_its_pictures(report: Path, tmp_path: Path) -> None:
    page, console = browse(f"{report.as_uri()}#exposure-290", tmp_path)
    assert console == []
    panel = page.split("<dialog")[1].split("</dialog>")[0]
    assert "open" in panel.split(">")[0]
    assert "exposure 290" in text_of(panel)
    for title in ("Micrograph", "Power spectrum", "CTF fit", "Motion", "Motion over the field"):
        assert f"<span>{title}" in panel
    assert panel.count("<circle") > 40
    assert 'href="pictures/290.jpg"' in panel


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
    plugin: Path, tmp_path: Path, installed: bool
) -> None:
    registry = cookbook.registry() if installed else Registry([])
    with ReportWriter(plugin, tmp_path / "report", registry=registry) as writer:
        writer.update(patience=float("inf"))
    page, console = browse(f"{writer.page.as_uri()}#exposure-1", tmp_path)
    assert console == []
    panel = page.split("<dialog")[1].split("</dialog>")[0]
    assert "<span>Ice</span>" in panel
    assert 'alt="The micrograph without detail: thick ice is dark"' in panel
    (source,) = re.findall(r'<img[^>]* src="([^"]+)"', panel)
    with Image.open(writer.folder / source) as picture:
        grey = np.asarray(picture, dtype=float)
    assert grey[:, :64].mean() < 80
    assert grey[:, -64:].mean() > 170
    said = "Not read: ice: cookbook_3:IceMap is not known here"
    assert (said in text_of(panel)) is not installed


def test_pictures_of_a_plugins_snapshots_are_shown(tmp_path: Path) -> None:
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
    page, console = browse(report.as_uri(), tmp_path)
    assert console == []
    others = section(page, "others")
    assert "plugin:Map is not known here" in text_of(others)
    assert re.findall(r'alt="([^"]+)"', others) == ["From the top", "Drawn"]
    for source in re.findall(r'src="([^"?]+)', others):
        assert (report.parent / source).is_file()
    assert "<span>Seen from above</span>" in others


def test_a_link_shows_the_rejected_with_their_reasons(report: Path, tmp_path: Path) -> None:
    page, console = browse(f"{report.as_uri()}#show-rejected", tmp_path)
    assert console == []
    rows = section(page, "exposures").split("<tbody")[1]
    shown = rows.count('class="state-r"')
    assert shown > 3
    assert rows.count("<tr") == shown
    assert rows.count("select: ") >= shown


def test_an_old_report_of_a_running_session_says_so(report: Path, tmp_path: Path) -> None:
    live = report.parent / "live.js"
    found = live.read_text(encoding="utf-8")

    def written(when: float) -> str:
        live.write_text(re.sub(r'"written":[0-9.]+', f'"written":{when}', found))
        return browse(report.as_uri(), tmp_path)[0]

    try:
        fresh, page = written(time.time()), written(1.79e9)
    finally:
        live.write_text(found)
    assert re.search(r'id="stale"[^>]*hidden', fresh), "a fresh report needs no warning"
    assert not re.search(r'id="stale"[^>]*hidden', page)
    assert "has not been updated since" in text_of(page)


def test_an_empty_session_says_what_it_waits_for(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    page, console = browse(write_report(session.folder).as_uri(), tmp_path)
    assert console == []
    assert "No movie has been found yet" in text_of(page)


def test_points_stay_in_their_plot_when_times_are_out_of_order(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(12)
    session.now -= 9e6
    session.grow(12)
    page, console = browse(write_report(session.folder).as_uri(), tmp_path)
    assert console == []
    plots = section(page, "trends").split('<svg viewBox="0 0 ')[1:]
    assert len(plots) == 11
    for plot in plots:
        width = float(plot.split(" ")[0])
        places = [float(x) for x in re.findall(r'<circle [^>]*cx="([^"]+)"', plot)]
        assert places
        assert min(places) > 40
        assert max(places) < width - min(110, width * 0.2) - 10


PLACES = """
setTimeout(() => {
  const top = document.querySelector(location.hash).getBoundingClientRect().top;
  const menu = [...document.querySelectorAll("nav a:not([hidden])")].map((each) => each.hash);
  document.body.dataset.notes = `${Math.round(top)} of ${innerHeight}: ${menu}`;
}, 3000);
"""


def test_a_link_leads_to_a_part_that_is_filled_later(report: Path, tmp_path: Path) -> None:
    address = with_script(report, tmp_path, PLACES)
    done, console = browse(f"{address}#workflow", tmp_path, "--window-size=1400,600")
    assert console == []
    found = re.search(r'data-notes="(-?\d+) of (\d+): ([^"]*)"', done)
    assert found is not None
    assert 0 < int(found[1]) < int(found[2]) / 2
    assert "#classes" in found[3]


def test_the_menu_lists_what_is_there(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    address = with_script(write_report(session.folder), tmp_path, PLACES)
    done, _ = browse(f"{address}#workflow", tmp_path)
    found = re.search(r'data-notes="[^"]*: ([^"]*)"', done)
    assert found is not None
    assert found[1] == "#main,#workflow"


def test_a_stopped_session_has_no_running_steps(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(6)
    with session.store.write() as connection:
        writes = Writes(session.numbers, session.now)
        writes.update(t.session, 1, state="stopped", changed=session.now)
        writes.flush(connection)
    page, _ = browse(write_report(session.folder).as_uri(), tmp_path)
    workflow = section(page, "workflow")
    assert workflow.count('class="step state-stopped"') == len(STEPS)
    assert "state-running" not in workflow
    assert "an hour" not in text_of(page), "a minute is too little for a rate"


ACTIONS = """
const wait = () => new Promise((done) => setTimeout(done, 300));
const notes = [];
const note = (name, value) => notes.push(name + "=" + value);
const text = (id) => document.getElementById(id).textContent;
(async () => {
  while (!document.querySelector("#table-body tr")) await wait();
  await wait();
  document.getElementById("older").click(); await wait();
  note("older", text("page-line"));
  document.querySelector('#filters [data-kind="f"]').click(); await wait();
  const rows = document.querySelectorAll("#table-body tr.state-f");
  note("failed", rows.length + "/" + text("page-line"));
  document.querySelector('#filters [data-kind=""]').click(); await wait();
  document.querySelectorAll("#strip button")[2].click(); await wait();
  note("open", document.getElementById("panel").open + " " + text("panel-line").split(" · ")[0]);
  const key = (name) => document.getElementById("panel").dispatchEvent(
    new KeyboardEvent("keydown", { key: name, bubbles: true }));
  key("ArrowRight"); await wait();
  note("right", text("panel-line").split(" · ")[0]);
  key("ArrowLeft"); key("ArrowLeft"); await wait();
  note("left", text("panel-line").split(" · ")[0]);
  document.querySelector(".picks-key input").click(); await wait();
  note("picks", document.querySelector(".picks .set-0").getAttribute("visibility"));
  document.getElementById("panel-close").click(); await wait();
  note("closed", document.getElementById("panel").open);
  document.querySelector('#spans [data-span="recent"]').click(); await wait();
  const plot = document.querySelector("#trends-body svg");
  note("recent", plot.querySelectorAll(".dot, .x").length > 200);
  const box = plot.getBoundingClientRect();
  const place = { clientX: box.x + 150, clientY: box.y + 60 };
  plot.dispatchEvent(new PointerEvent("pointermove", place));
  note("tip", document.querySelector(".tip").textContent);
  document.body.dataset.notes = notes.join(" | ");
})();
"""


def test_buttons_keys_and_points_answer(report: Path, tmp_path: Path) -> None:
    """In a copy of the page whose policy lets a second script press the buttons."""
    done, console = browse(with_script(report, tmp_path, ACTIONS), tmp_path)
    assert console == []
    found = re.search(r'data-notes="([^"]*)"', done)
    assert found is not None, "the steps did not come to their end"
    notes = dict(part.split("=", 1) for part in found[1].split(" | "))
    assert notes["older"] == "26 to 50 of 300"
    assert notes["failed"] == "3/1 to 3 of 3"
    assert notes["open"] == "true exposure 295"
    assert notes["right"] == "exposure 294"
    assert notes["left"] == "exposure 296"
    assert notes["picks"] == "hidden"
    assert notes["closed"] == "false"
    assert notes["recent"] == "true"
    assert re.match(r"\d\.\d+\u202fÅ", notes["tip"])
