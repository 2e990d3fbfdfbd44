"""The day of docs/tutorials/a-day-at-the-facility.md, played: its commands, and its pictures anew.

    python benchmarks/facility_day.py [--out docs/images] [--folder DAY]

Every command of the page is typed into one shell, in order, and what it prints is compared with
what the page shows; where the page says what is done in the browser, a browser without a window
does that. `make ui` first.
"""

import argparse
import io
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bench_screens import CHROMIUM
from icestream.engine.machine.lock import holder
from web_tour import DESK, PHONE, small

PAGE = Path(__file__).parents[1] / "docs" / "tutorials" / "a-day-at-the-facility.md"
PASSWORD = "a river in winter"
PATIENCE = 240.0
"""Seconds for what a command says to become so, and for a command to end."""

_PIECE = re.compile(
    r"^<!-- in the browser: (?P<scene>\w+) -->$"
    r"|(?P<until>^<!-- until it says so -->\n)?^```(?P<kind>console|sh)\n(?P<text>.*?)^```$",
    flags=re.M | re.S,
)


class NotAsShown(AssertionError):
    """A command failed, or printed something else than the page shows."""


@dataclass(frozen=True, slots=True)
class Typed:
    """Something that is typed, and what it prints."""

    words: str
    shown: tuple[str, ...] = ()
    """Lines; what an ellipsis stands for may be anything, and of one that stands alone any lines.
    Where there is none, it may print what it likes."""
    until: bool = False
    """Typed again until it prints that."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is done in the browser."""

    name: str


def pieces(page: str) -> Iterator[Typed | Scene]:
    """What a page has people do, in order."""
    for found in _PIECE.finditer(page):
        if found["scene"]:
            yield Scene(found["scene"])
        elif found["kind"] == "sh":
            yield Typed(found["text"])
        else:
            for words, *shown in _commands(found["text"]):
                yield Typed(words, tuple(shown), until=bool(found["until"]))


def _commands(block: str) -> Iterator[list[str]]:
    lines: list[str] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            if lines:
                yield lines
            lines = [line[2:]]
        elif line.strip():
            lines.append(line)
    yield lines


def is_as_shown(printed: str, shown: tuple[str, ...]) -> bool:
    """Whether a command printed what the page shows, however wide the columns are."""
    lines = [_plain(line) for line in printed.splitlines() if line.strip()]
    pattern = ""
    for line in shown:
        text = ".*?".join(re.escape(part) for part in _plain(line).split("…"))
        pattern += "(?:.*\n)*?" if line.strip() == "…" else f"{text}\n"
    return not shown or re.fullmatch(pattern, "".join(f"{line}\n" for line in lines)) is not None


def _plain(line: str) -> str:
    return " ".join(line.split())


class Shell:
    """A shell in a folder, into which the page is typed.

    Parameters
    ----------
    folder
        Where the day is played.
    port
        Where the server listens, which the page leaves as it is by default.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self._port = port
        self._mark = f"~{os.getpid()}~"
        bin_ = Path(sys.executable).parent
        environment = {**os.environ, "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}"}
        # What the first command has compiled is kept for the others.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder, env=environment, text=True, bufsize=1, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def type(self, one: Typed, patience: float = PATIENCE) -> str:
        """Type it, wait for its end, and give what it printed.

        Raises
        ------
        NotAsShown
            If that is not what the page shows, or it failed.
        """
        ends = time.monotonic() + patience
        while True:
            code, printed = self._run(one.words)
            right = code == 0 and is_as_shown(printed, one.shown)
            if right or not one.until or time.monotonic() > ends:
                break
            time.sleep(0.5)
        if not right:
            shown = "\n".join(one.shown)
            raise NotAsShown(f"$ {one.words}\n{printed}(exit status {code}); shown is:\n{shown}")
        return printed

    def _run(self, words: str) -> tuple[int, str]:
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        words = words.replace("serve sessions", f"serve sessions --port {self._port}")
        self._bash.stdin.write(f"{words.rstrip()}\nprintf '\\n%s%d\\n' '{self._mark}' $?\n")
        self._bash.stdin.flush()
        printed = []
        for line in self._bash.stdout:
            if line.startswith(self._mark):
                return int(line.removeprefix(self._mark)), "".join(printed)
            printed.append(line)
        raise NotAsShown(f"the shell ended: {''.join(printed)}")

    def close(self) -> None:
        """End the shell, and what still runs of the day."""
        with suppress(ProcessLookupError):
            os.killpg(self._bash.pid, signal.SIGTERM)
        for store in self.folder.glob("sessions/**/icestream.db"):
            if number := re.search(r"process (\d+)", holder(store.parent)):
                with suppress(ProcessLookupError):
                    os.kill(int(number[1]), signal.SIGKILL)
        self._bash.kill()
        for pipe in (self._bash.stdin, self._bash.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        self._bash.wait()


@dataclass(slots=True)
class Visit:
    """A browser at the server of the day."""

    browser: Browser
    address: str
    shell: Shell
    out: Path | None = None
    """Where pictures go; none are made without it."""
    _pages: dict[str, Page] = field(default_factory=dict)

    def page(self, who: str, size: dict[str, int] | None = None) -> Page:
        """Their tab, in which they are logged in."""
        if who not in self._pages:
            context = self.browser.new_context(
                viewport=size or DESK,
                color_scheme="light",
                reduced_motion="reduce",
                device_scale_factor=2 if size == PHONE else 1,
            )
            page = self._pages[who] = context.new_page()
            page.set_default_timeout(60_000)
            self._come_up(page)
            page.get_by_label("Name").fill(who)
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.keyboard.press("Enter")
            expect(page.get_by_label("Password", exact=True)).to_be_hidden(timeout=60_000)
        return self._pages[who]

    def _come_up(self, page: Page) -> None:
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                page.goto(f"{self.address}/login")
            except Exception:  # the server is not up yet
                if time.monotonic() > ends:
                    raise
                time.sleep(0.3)
            else:
                return

    def take(self, page: Page, name: str, height: int = 0) -> None:
        """Make a picture of the first `height` pixels of what is in the window."""
        if self.out is None:
            return
        wide = page.viewport_size or DESK
        if height:
            page.set_viewport_size({"width": wide["width"], "height": height})
        page.wait_for_timeout(2000)
        picture = small(page.screenshot())
        (self.out / f"day-{name}.png").write_bytes(picture)
        page.set_viewport_size(wide)
        print(f"day-{name}.png: {len(picture) / 1000:.0f} kB", flush=True)


def show_microscopes(visit: Visit) -> None:
    page = visit.page("sam")
    page.goto(f"{visit.address}/begin")
    expect(page.get_by_text("a confidential project").first).to_be_visible()
    visit.take(page, "microscopes", 275)


def begin_krios(visit: Visit) -> None:
    page = visit.page("sam")
    page.get_by_role("link", name="Titan Krios").click()
    expect(page.get_by_role("radio", name="grid3")).to_be_checked()
    expect(page.get_by_text("From movies to a first 3D map")).to_be_visible()
    visit.take(page, "wizard", 900)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("The session has begun")).to_be_visible(timeout=120_000)


def show_facility(visit: Visit) -> None:
    page = visit.page("sam")
    page.goto(f"{visit.address}/facility")
    expect(page.get_by_role("link", name="cem00123-001")).to_be_visible()
    expect(page.get_by_text("cem00456-001")).to_have_count(0)
    visit.take(page, "facility", 1100)


def show_sessions(visit: Visit) -> None:
    page = visit.page("ada")
    page.goto(visit.address)
    for name in ("cem00123-001", "cem00456-001"):
        expect(page.get_by_role("link", name=name).first).to_be_visible()
    visit.take(page, "sessions", 330)


def show_phone(visit: Visit) -> None:
    page = visit.page("lea", PHONE)
    page.goto(visit.address)
    expect(page.get_by_text("cem00456-001")).to_have_count(0)
    page.get_by_role("link", name="cem00123-001").first.click()
    expect(page.get_by_role("img", name="Defocus over time")).to_be_visible()
    visit.take(page, "phone", 844)


def end_krios(visit: Visit) -> None:
    page = visit.page("sam")
    page.goto(f"{visit.address}/facility")
    page.get_by_role("button", name="End cem00123-001").click()
    page.get_by_label("Reason").fill("the grid is empty")
    visit.take(page, "end", 760)
    # Behind a question all else is hidden from whoever asks for it by its role.
    with page.expect_response(lambda answer: answer.request.method == "POST") as ended:
        page.get_by_role("button", name="End the session").click()
    assert ended.value.ok, ended.value.text()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="End cem00123-001")).to_be_hidden(timeout=120_000)


def show_invoice(visit: Visit) -> None:
    if visit.out is None:
        return
    visit.shell.type(Typed("icestream facility invoices export $(date +%Y)-0002 --out invoice.png"))
    whole = Image.open(visit.shell.folder / "invoice.png")
    file = io.BytesIO()
    whole.crop((0, 0, whole.width, round(0.45 * whole.height))).save(file, "PNG")
    (visit.out / "day-invoice.png").write_bytes(small(file.getvalue()))


SCENES: dict[str, Callable[[Visit], None]] = {
    "microscopes": show_microscopes,
    "wizard": begin_krios,
    "facility": show_facility,
    "sessions": show_sessions,
    "phone": show_phone,
    "end": end_krios,
    "invoice": show_invoice,
}


@contextmanager
def _shell(folder: Path) -> Iterator[tuple[Shell, str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shell = Shell(folder, port)
    try:
        yield shell, f"http://127.0.0.1:{port}"
    finally:
        shell.close()


def play(folder: Path, out: Path | None = None, say: Callable[[str], None] = print) -> None:
    """Play the day of the page in an empty folder.

    Parameters
    ----------
    folder
        Where.
    out
        Where pictures go; none are made without it.
    say
        Is told of each command and scene, with how long it took.

    Raises
    ------
    NotAsShown
        With all commands that failed, or printed something else than the page shows.
    """
    expect.set_options(timeout=PATIENCE * 1000)
    wrong: list[str] = []
    with _shell(folder) as (shell, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        visit = Visit(browser, address, shell, out)
        for one in pieces(PAGE.read_text()):
            began = time.monotonic()
            if isinstance(one, Scene):
                SCENES[one.name](visit)
                what = f"in the browser: {one.name}"
            else:
                try:
                    printed = shell.type(one, 0.0 if wrong else PATIENCE)
                except NotAsShown as error:
                    wrong.append(str(error))
                    printed = "NOT AS SHOWN"
                what = f"$ {one.words.partition(chr(10))[0]}\n{printed.rstrip()}"
            say(f"[{time.monotonic() - began:5.1f} s] {what}")
        browser.close()
    if wrong:
        # Nothing is waited for any more after the first.
        rest = ["what follows may follow from that:", *wrong[1:]] if wrong[1:] else []
        raise NotAsShown("\n\n".join([wrong[0], *rest]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="folder for the pictures, as docs/images")
    parser.add_argument("--folder", type=Path, help="an empty one, which stays")
    given = parser.parse_args()
    # What the day has started is ended, too, where this is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="day-") as work:
        folder = given.folder or Path(work)
        folder.mkdir(parents=True, exist_ok=True)
        play(folder, given.out)


if __name__ == "__main__":
    main()
