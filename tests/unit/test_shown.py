"""Names and messages are shown with nothing hidden, and nothing drawn is spoilt."""

import io
import sys
import threading

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from icestream.log import configure
from icestream.shown import Aside, PlainStream, printable, show_plainly


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("FoilHole_1.tiff", "FoilHole_1.tiff"),
        ("5 Å, 1.2 µm, 試料\u00a0é", "5 Å, 1.2 µm, 試料\u00a0é"),
        ("\x1b[2Jgone\x07", r"\x1b[2Jgone\x07"),
        ("C1 \x9b31m", r"C1 \x9b31m"),
        ("caf\udce9.tiff", r"caf\xe9.tiff"),
        ("half \ud83d", r"half \ud83d"),
        ("\u202efdp.exe", r"\u202efdp.exe"),
        ("two\nlines\tand\rmore", "two\nlines\tand\\x0dmore"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown
    assert printable(text, lines=False) == shown.replace("\n", r"\n").replace("\t", r"\t")


@given(st.binary())
def test_whatever_bytes_a_name_has_it_can_be_shown(name: bytes) -> None:
    shown = printable(name.decode("utf-8", "surrogateescape"), lines=False)
    assert shown.encode().isascii() or shown
    assert not any(ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 for letter in shown)


def test_what_is_printed_is_shown_and_what_rich_draws_is_not_touched() -> None:
    stream = io.StringIO()
    shown = PlainStream(stream)
    print("a\x1b[31mb", file=shown)
    console = Console(file=shown, force_terminal=True, highlight=False, no_color=False)  # type: ignore[arg-type]
    console.print("red", style="red")
    printed = stream.getvalue()
    assert printed.startswith("a\\x1b[31mb\n")
    assert "\x1b[31mred" in printed
    assert shown.getvalue() == printed  # everything else is the stream's


def test_a_process_shows_what_it_prints_plainly_from_then_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_plainly()
    show_plainly()
    print("out\x1b\udce9")
    print("err\x1b", file=sys.stderr)
    before = structlog.get_config()
    configure(lines=False)
    structlog.get_logger("icestream").warning("said", name="a\x1bb\udce9")
    structlog.configure(**before)
    told = capsys.readouterr()
    assert told.out == "out\\x1b\\xe9\n"
    assert told.err.startswith("err\\x1b\n")
    assert r"a\x1bb\xe9" in told.err.replace("\\\\", "\\")


def test_what_is_done_aside_is_done_at_once_and_raises_what_it_raises() -> None:
    aside, said = Aside(), []
    assert aside.run(lambda: said.append("done"))
    assert said == ["done"]

    def fail() -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        aside.run(fail)
    assert aside.run(lambda: said.append("again"))


def test_what_does_not_end_holds_nobody_up() -> None:
    """As printing on a terminal that was stopped."""
    aside, go_on, said = Aside(patience=0.01), threading.Event(), []
    assert not aside.run(go_on.wait)
    assert not aside.run(lambda: said.append("meanwhile"))
    go_on.set()
    while not aside.run(lambda: said.append("after")):
        pass
    assert said == ["after"]
