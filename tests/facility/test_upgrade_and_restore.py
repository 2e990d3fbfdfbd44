"""What docs/how-to/upgrade-and-restore.md says is followed: its commands, on a real session."""

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import psutil
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from icestream.cli.app import build
from icestream.engine.machine.lock import holder
from icestream.facility.registry.open import HEAD as REGISTRY_HEAD
from icestream.facility.registry.open import open_registry
from icestream.store import sqlite
from icestream.store import tables as t
from icestream.store.migrate import HEAD, OtherSchema, schema_of
from icestream.store.open import FILE, open_store
from microscope_folder import MOVIES, movies_in

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "upgrade-and-restore.md"
NAME = "cem00123-004"
"""Of a session on the page."""
WORKFLOW: Any = {
    "name": "aligned",
    "steps": [
        {
            "name": "import",
            "protocol": "movies.import",
            "parameters": {"watch": True},
            "inputs": {},
        },
        {
            "name": "align",
            "protocol": "movies.align",
            "parameters": {},
            "inputs": {"movie": "import.movie"},
        },
    ],
}


def section(title: str) -> list[str]:
    """Commands of a section of the page; those of root are another's."""
    part = PAGE.read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]
    found = [
        line[2:]
        for block in re.findall(r"^```console\n(.*?)^```", part, flags=re.M | re.S)
        for line in block.splitlines()
        if line.startswith("$ ")
    ]
    assert found, title
    return found


@dataclass
class Site:
    """A machine with a facility, and the disk of its backup."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def place(self) -> Path:
        """Of its session."""
        return self.folder / "sessions" / "krios1" / "2026" / "CEM1" / "CEM1-001"

    @property
    def session(self) -> Path:
        return self.place / "CEM1-001"

    def here(self, line: str) -> str:
        """A command of the page, for this machine."""
        for said, ours in (
            ("/data/sessions/krios1/2026/cem00123/cem00123-004", str(self.place)),
            ("/opt/icestream/0.1/bin/", ""),
            ("/mnt/backup", f"{self.folder}/backup"),
            ("/var/lib/icestream", str(self.state)),
            ("/etc/icestream", f"{self.folder}/etc"),
            (NAME, "CEM1-001"),
        ):
            line = line.replace(said, ours)
        return line

    def follow(self, line: str) -> None:
        """Do what the page says."""
        line = self.here(line)
        program, *words = shlex.split(line)
        if program != "icestream":
            subprocess.run(shlex.split(line), check=True)
            return
        assert build()(words, result_action="return_value") in (None, 0), line

    def wait(self, true: Callable[[], Any]) -> None:
        deadline = time.monotonic() + 240
        while not true():
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def results(self) -> dict[str, float]:
        """When each result was begun, by its key."""
        store = open_store(self.session, readonly=True)
        with contextlib.closing(store), store.read() as connection:
            return {row.key: row.started for row in connection.execute(t.result.select()).all()}

    def end(self) -> None:
        """End the session, and wait for its process."""
        self.follow(f"icestream session end {NAME}")
        self.wait(lambda: not holder(self.session))

    @contextlib.contextmanager
    def services(self) -> Iterator[None]:
        """The duties, as their unit runs them."""
        words = [sys.executable, "-m", "icestream", "facility", "run"]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            try:
                assert process.stderr.readline().startswith("doing disks, sessions")
                yield
            finally:
                process.terminate()
                process.stderr.read()
        assert process.returncode == 0


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A facility with an occasion, and a session that has aligned its movies and waits for more."""
    made = Site(tmp_path)
    for name in ("etc", "state", "sessions", "backup"):
        (tmp_path / name).mkdir()
    movies = movies_in(tmp_path / "nas")
    (tmp_path / "nas" / "aligned.json").write_text(json.dumps(WORKFLOW))
    (tmp_path / "etc" / "facility.toml").write_text(
        f"""
[facility]
name = "Ice"
sessions = "{tmp_path}/sessions"
[tree]
place = "{{microscope}}/2026/{{project}}/{{session}}"
[microscopes.krios1]
movies = "{tmp_path}/nas"
workflow = "{tmp_path}/nas/aligned.json"
cores = 1
[backup.disk]
to = "{tmp_path}/backup"
reserve = 0
password = "open sesame"
"""
    )
    monkeypatch.setenv("ICESTREAM_FACILITY", str(tmp_path / "etc" / "facility.toml"))
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(tmp_path / "etc" / "settings.toml"))
    monkeypatch.setenv("ICESTREAM_STATE", str(made.state))
    made.follow("icestream facility occasion krios1 service 'lens changed'")
    made.follow("icestream facility backup --prepare disk")
    made.follow(f"icestream session new krios1 --yes --project CEM1 --movies {movies}")
    try:
        made.wait(lambda: made.session.exists() and len(made.results()) == 2 * MOVIES)
        yield made
    finally:
        if made.session.exists() and (found := holder(made.session)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(found.split()[1]), 9)


def downgraded(engine: Engine, package: str, version: str) -> None:
    """Make a database one of an earlier version."""
    config = Config()
    config.set_main_option("script_location", str(files(package) / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, version)
    engine.dispose()


def schema(file: Path) -> str | None:
    engine = sqlite.connect(file)
    try:
        return schema_of(engine)
    finally:
        engine.dispose()


def occasions(capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    build()(["facility", "occasion", "--json"], result_action="return_value")
    return [one["text"] for one in json.loads(capsys.readouterr().out)]


@pytest.mark.timeout(900)
def test_an_upgrade_and_the_way_back(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    made, running = site.results(), holder(site.session)
    for line in section("Before an upgrade"):
        site.follow(line)
    with site.services():
        pass
    downgraded(
        open_registry(site.state / "registry.db").engine, "icestream.facility.registry", "0003"
    )
    *looks, ends, starts = section("Upgrade")
    with site.services():  # the new version
        assert holder(site.session) == running  # the session has run on
        status = ["facility", "status"]
        site.wait(lambda: build()(status, result_action="return_value") in (None, 0))
        for line in looks:
            site.follow(line)
    assert schema(site.state / "registry.db") == REGISTRY_HEAD
    assert occasions(capsys) == ["lens changed"]
    site.follow(ends)
    site.wait(lambda: not holder(site.session))
    downgraded(sqlite.connect(site.session / FILE), "icestream.store", "0011")
    site.follow(starts)
    site.wait(lambda: schema(site.session / FILE) == HEAD)  # by its process
    site.wait(lambda: holder(site.session) not in ("", running))
    assert site.results() == made  # nothing was made again
    site.end()

    registry = open_registry(site.state / "registry.db")
    with registry.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    registry.close()
    with pytest.raises(OtherSchema, match="a newer version has written it"):
        site.follow("icestream facility status")
    for line in section("Go back to the version before"):
        site.follow(line)
    assert occasions(capsys) == ["lens changed"]
    assert schema(site.state / "registry.db.newer") == "9999"


@pytest.mark.timeout(900)
def test_the_machine_is_lost(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    made = site.results()
    for line in section("Before an upgrade"):
        site.follow(line)
    site.end()
    for one in psutil.process_iter(["cmdline"]):  # its report
        if str(site.session) in str(one.info["cmdline"]):
            one.kill()
            one.wait(60)
    for name in ("etc", "state", "sessions"):
        shutil.rmtree(site.folder / name)

    (site.folder / "sessions").mkdir()  # the new machine
    bring, *rest = section("The machine is lost")
    capsys.readouterr()
    site.follow(bring)
    assert "  put back: backup.disk.password\n" in capsys.readouterr().out
    told = (site.folder / "etc" / "facility.toml").read_text()
    assert "sesame" not in told
    (site.folder / "etc" / "facility.toml").write_text(told + 'password = "open sesame"\n')
    *rest, again = rest
    for line in rest:
        site.follow(line)
        if " restore-registry " in line:
            assert occasions(capsys) == ["lens changed"]
    site.wait(lambda: holder(site.session))
    assert site.results() == made  # nothing is made again
    site.follow(again)
    site.end()
