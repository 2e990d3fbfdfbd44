"""Bringing a report to its target: with a real rsync, and with programs that behave badly."""

import re
import shutil
import threading
import time
from pathlib import Path

import pytest

from icestream.report.upload import BadTarget, Target, Unpublished, read_target, upload

needs_rsync = pytest.mark.skipif(
    shutil.which("rsync") is None, reason="rsync is not installed (Debian: apt-get install rsync)"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A report as it lies in a session."""
    report = tmp_path / "session" / "report"
    (report / "pictures").mkdir(parents=True)
    for name in ("index.html", "live.js", "trends.js", "exposures-0001.js", "pictures/1.jpg"):
        (report / name).write_text(f"{name} 1")
    (report / ".live.js.77.tmp").write_text("half")
    return report


def program(folder: Path, *lines: str) -> Path:
    path = folder / "publish.sh"
    path.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
    path.chmod(0o755)
    return path


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "address",
    ["web:/var/www/live/", "ann@web.example.org:live/x", "web::live/x", "rsync://web/live",
     "ann@[::1]:/srv"],
)  # fmt: skip
@needs_rsync
def test_addresses_are_read_as_rsync_reads_them(address: str) -> None:
    assert read_target(address) == Target(rsync=address)


def test_the_name_of_the_session_stands_where_it_is_asked_for(tmp_path: Path) -> None:
    path = program(tmp_path, "true")
    target = read_target(f"{path} --to 'https://example.org/{{session}}' -v", "grid/2; rm -rf")
    assert target.command[0] == str(path)
    assert target.command[2].startswith("https://example.org/grid")
    assert "/2" not in target.command[2]
    assert len(target.command) == 4
    assert str(target) == "publish.sh"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "there is no place to publish to"),
        ("  ", "there is no place to publish to"),
        ("no-such-program --now", "no-such-program, was not found"),
        ("--delete", "is an option"),
        ("rsync://ann:hunter2@web/live", "has a password in it"),
        ("ann:hunter2@web/live", "has a password in it"),
        ("https://web/live", "nothing here brings files to https://web/live; give user@host"),
        ("upload 'half", "cannot be read"),
    ],
)
def test_a_bad_target_is_said_clearly(text: str, why: str) -> None:
    with pytest.raises(BadTarget, match=why) as found:
        read_target(text)
    assert "hunter2" not in str(found.value)


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("hello")
    with pytest.raises(BadTarget, match="cannot be run"):
        read_target(str(tmp_path / "notes"))


def test_a_machine_without_rsync(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BadTarget, match="needs rsync, which is not installed"):
        read_target("web:/live/")


@needs_rsync
def test_rsync_brings_what_has_changed_and_removes_what_is_gone(
    folder: Path, tmp_path: Path
) -> None:
    there = tmp_path / "web" / "live"
    (there.parent).mkdir()
    target = read_target(f"{there}/")
    upload(target, folder)
    whole = {path for path in names(folder) if not path.endswith(".tmp")}
    assert names(there) == whole
    kept = (there / "trends.js").stat().st_ino
    (there / "notes.txt").write_text("somebody's own")
    (there / "pictures" / "notes.txt").write_text("somebody's own")
    (folder / "live.js").write_text("live 22")
    (folder / "pictures" / "1.jpg").unlink()
    (folder / "pictures" / "2.jpg").write_text("2")
    upload(target, folder)
    assert (there / "live.js").read_text() == "live 22"
    assert (there / "trends.js").stat().st_ino == kept, "what has not changed is left alone"
    expected = whole - {"pictures/1.jpg"} | {"pictures/2.jpg", "notes.txt", "pictures/notes.txt"}
    assert names(there) == expected


@needs_rsync
def test_what_sends_the_page_to_the_others_comes_last(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over a shell that stands for ssh and fails before one of the rounds."""
    shell = program(
        tmp_path,
        f'echo x >> "{tmp_path}/rounds"',
        f'[ $(wc -l < "{tmp_path}/rounds") -gt ${{GOOD:-9}} ] && exit 5',
        'shift; exec sh -c "$*"',
    )
    monkeypatch.setenv("RSYNC_RSH", str(shell))
    there = tmp_path / "live"
    target = read_target(f"web:{there}")
    for good, expected in ((0, set()), (1, {"trends.js", "exposures-0001.js", "pictures/1.jpg"})):
        (tmp_path / "rounds").unlink(missing_ok=True)
        monkeypatch.setenv("GOOD", str(good))
        with pytest.raises(Unpublished, match="rsync ended with status"):
            upload(target, folder)
        assert (names(there) if there.exists() else set()) == expected
    monkeypatch.setenv("GOOD", "9")
    upload(target, folder)
    assert (there / "index.html").exists()
    assert (there / "live.js").exists()


@needs_rsync
def test_what_changes_meanwhile_goes_with_the_next_round(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is never told of files that were written after this round had passed them."""
    shell = program(tmp_path, f'echo newer > "{folder}/live.js"', 'shift; exec sh -c "$*"')
    monkeypatch.setenv("RSYNC_RSH", str(shell))
    there = tmp_path / "live"
    upload(read_target(f"web:{there}"), folder)
    assert (there / "live.js").read_text() == "live.js 1"
    assert (folder / "live.js").read_text() == "newer\n"


@needs_rsync
def test_what_rsync_says_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Unpublished, match=r"rsync ended with status \d+: .*file"):
        upload(Target(rsync=f"{tmp_path}/file/live/deep/deeper"), folder)


def test_a_program_is_told_where_the_report_is(folder: Path, tmp_path: Path) -> None:
    path = program(tmp_path, 'echo "$ICESTREAM_SESSION $ICESTREAM_REPORT $(pwd)" > ../../said')
    upload(read_target(str(path)), folder, session="grid 2")
    assert (tmp_path / "said").read_text() == f"grid 2 {folder} {folder}\n"


def test_a_program_that_fails_is_told_with_its_last_words_and_without_secrets(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPLOAD_TOKEN", "tok-123456")
    path = program(
        tmp_path,
        "echo trying",
        r"printf '\033[31mPUT https://ann:hunter2@example.org/tok-123456 password=geheim "
        r"Authorization: Bearer abc.def refused\n'",
        "echo",
        "echo ----",
        "exit 3",
    )
    with pytest.raises(Unpublished) as found:
        upload(read_target(str(path)), folder)
    said = str(found.value)
    assert said.startswith("publish.sh ended with status 3: ")
    assert "refused" in said
    assert "\x1b" not in said
    for secret in ("hunter2", "tok-123456", "geheim", "abc.def"):
        assert secret not in said


def test_garbage_is_one_short_line(folder: Path, tmp_path: Path) -> None:
    path = program(tmp_path, "head -c 300000 /dev/urandom", "exit 1")
    with pytest.raises(Unpublished) as found:
        upload(read_target(str(path)), folder)
    assert len(str(found.value)) < 300
    assert not re.search(r"[\x00-\x1f]", str(found.value))


def test_a_program_that_hangs_is_ended_with_all_that_it_started(
    folder: Path, tmp_path: Path
) -> None:
    path = program(tmp_path, f"sleep 1000 & echo $! > {tmp_path}/child", "wait")
    with pytest.raises(Unpublished, match=r"publish.sh had not ended after \d+ s"):
        upload(read_target(str(path)), folder, timeout=0.5)
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 20
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(child)


def _alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_whoever_waits_for_it_can_end_it(folder: Path, tmp_path: Path) -> None:
    stopped = threading.Event()
    threading.Timer(0.3, stopped.set).start()
    with pytest.raises(Unpublished, match="was told to end"):
        upload(read_target(str(program(tmp_path, "sleep 1000"))), folder, stopped=stopped)


def test_a_program_that_went_away(folder: Path, tmp_path: Path) -> None:
    target = read_target(str(program(tmp_path, "true")))
    Path(target.command[0]).unlink()
    with pytest.raises(Unpublished, match="publish.sh cannot be started: No such file"):
        upload(target, folder)
