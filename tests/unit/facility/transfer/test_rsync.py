"""Running rsync on a list of files."""

import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from icestream.facility.duties.duty import Outage
from icestream.facility.transfer.address import Address, read_address
from icestream.facility.transfer.rsync import Between, list_files, reach, run_rsync, version
from rsync_server import rsync_daemon, sshd

MODULE = "[m]\npath = {}\nread only = yes\nlist = no\nuse chroot = no\n"


def between(folder: Path) -> Between:
    for name in ("from", "to"):
        (folder / name).mkdir(exist_ok=True)
    return Between(Address(str(folder / "from")), Address(str(folder / "to")))


def test_each_file_is_told_of_with_its_md5(tmp_path: Path) -> None:
    ends = between(tmp_path)
    (tmp_path / "from" / "a").write_text("aa")
    (tmp_path / "from" / "sub").mkdir()
    (tmp_path / "from" / "sub" / "b").write_text("b")
    (tmp_path / "from" / "none").mkdir()
    told: list[str] = []
    done = run_rsync(ends, ["a", "sub/b", "gone"], told=lambda name, _: told.append(name))
    md5 = {
        text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text in ("aa", "b")
    }
    assert done.done == {"a": md5["aa"], "sub/b": md5["b"]}
    assert sorted(told) == ["a", "sub/b"]
    assert done.failed == {"gone": "No such file or directory"}
    assert run_rsync(ends, ["a"]).done == {"a": None}


def test_what_fails_as_a_whole_is_an_outage(tmp_path: Path) -> None:
    ends = between(tmp_path)
    with pytest.raises(Outage, match="nowhere is not there"):
        run_rsync(Between(Address(str(tmp_path / "nowhere")), ends.target), ["a"])
    nobody = Address("rsync://127.0.0.1:9/m")
    with pytest.raises(Outage, match=r"127\.0\.0\.1:9.*refused"):
        list_files(nobody)


def test_a_daemon_is_listed_and_asked(tmp_path: Path) -> None:
    ends = between(tmp_path)
    odd = tmp_path / "from" / "d" / "new\nline"
    odd.parent.mkdir()
    odd.write_text("xyz")
    (tmp_path / "from" / "link").symlink_to("d")
    with rsync_daemon(tmp_path / "conf", MODULE.format(tmp_path / "from")) as port:
        source = read_address(f"rsync://127.0.0.1:{port}/m")
        reach(source)
        (found,) = list_files(source)
        assert (found.name, found.size) == ("d/new\nline", 3)
        assert found.modified // 10**9 == odd.stat().st_mtime_ns // 10**9
        done = run_rsync(Between(source, ends.target), ["d/new\nline", "d/gone"])
        assert set(done.done) == {"d/new\nline"}
        assert done.failed == {"d/gone": "No such file or directory"}
        assert (tmp_path / "to" / "d" / "new\nline").stat().st_mtime_ns == odd.stat().st_mtime_ns
        with pytest.raises(Outage, match="Unknown module"):
            reach(read_address(f"rsync://127.0.0.1:{port}/other"))
    with pytest.raises(Outage, match="refused"):
        reach(source)


def test_a_password_is_given_and_not_shown(tmp_path: Path) -> None:
    ends = between(tmp_path)
    (tmp_path / "from" / "a").write_text("a")
    secrets = tmp_path / "secrets"
    secrets.write_text("me:opensesame\n")
    secrets.chmod(0o600)
    text = MODULE.format(tmp_path / "from") + f"auth users = me\nsecrets file = {secrets}\n"
    with rsync_daemon(tmp_path / "conf", text) as port:
        address = f"rsync://me@127.0.0.1:{port}/m"
        assert run_rsync(Between(read_address(address, "opensesame"), ends.target), ["a"]).done
        with pytest.raises(Outage, match="auth failed") as refused:
            reach(read_address(address, "wrong-word"))
        assert "wrong-word" not in str(refused.value)


def test_another_host_by_ssh(tmp_path: Path) -> None:
    ends = between(tmp_path)
    (tmp_path / "from" / "a b").write_text("a")
    with sshd(tmp_path / "sshd") as server:
        source = read_address(f"127.0.0.1:{tmp_path}/from", shell=server.shell)
        assert [each.name for each in list_files(source)] == ["a b"]
        assert set(run_rsync(Between(source, ends.target), ["a b"]).done) == {"a b"}


def test_it_ends_when_told_to_and_goes_on_where_it_was(tmp_path: Path) -> None:
    ends = between(tmp_path)
    (tmp_path / "from" / "a").write_bytes(b"x" * 3_000_000)
    stopped = threading.Event()
    threading.Timer(0.7, stopped.set).start()
    began = time.monotonic()
    done = run_rsync(ends, ["a"], ["--partial-dir=.partial"], limit=1e6, stopped=stopped)
    assert not done.done
    assert time.monotonic() - began < 2.5
    assert not (tmp_path / "to" / "a").exists()
    assert set(run_rsync(ends, ["a"], ["--partial-dir=.partial"]).done) == {"a"}
    assert (tmp_path / "to" / "a").stat().st_size == 3_000_000


def test_the_version_is_known() -> None:
    assert version()[0].isdigit()


def test_times_are_right_in_the_hour_that_clocks_show_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = 1792888200, 1792891800  # both are half past two in the night in Madrid
    for name, when in (("summer", first), ("winter", second)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (when, when))
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "Europe/Madrid")
        time.tzset()
        found = {one.name: one.modified // 10**9 for one in list_files(Address(str(tmp_path)))}
    time.tzset()
    assert found == {"summer": first, "winter": second}
