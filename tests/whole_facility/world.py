"""The world of a facility: its services, its disks, its file, its processes, its bookings."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
from sqlalchemy import insert, text

import mariadb_server
import postgres_server
from icestream.cli.facility.app import app
from icestream.facility.file import load_facility
from icestream.facility.opened import Facility, open_facility
from post_office import MailServer, mail_server
from rabbitmq_server import RabbitMq, rabbitmq_server
from served import free_port
from whole_facility.microscope import made_stock
from whole_facility.parts import Part, coordinator, icestream, killed, own_children, until

__all__ = ["BEGINNINGS", "LASTS", "Disk", "Microscope", "World", "world"]

BEGINNINGS = ("command", "browser", "message")
"""How sessions are begun, one after another."""

LASTS = timedelta(hours=12)
"""How long bookings last."""

_WORKFLOW = {
    "name": "small-fields",
    "steps": [
        {"name": "import", "protocol": "movies.import", "parameters": {}},
        {
            "name": "align",
            "protocol": "movies.align",
            "parameters": {"local_motion": False},
            "inputs": {"movie": "import.movie"},
        },
        {
            "name": "ctf",
            "protocol": "ctf.estimate",
            "parameters": {"tile_size": 256, "resolution_max": 7.0},
            "inputs": {"micrograph": "align.micrograph"},
        },
    ],
}

_FILE = """
[facility]
name = "Cryo-EM facility"
sessions = "{folder}/sessions"
registry = "{registry}"
staff = ["post", "lines"]
patience = "{patience} s"

[projects]
kind = "csv"
file = "{folder}/projects.csv"

[bookings]
kind = "csv"
file = "{folder}/bookings.csv"
every = "30 s"

[transfer]
in_place = {in_place}
every = "2 s"
settle = "1 s"
reserve = 0
bandwidth = "20 MB/s"

[backup.usb]
to = "{folder}/usb"
every = "10 s"
reserve = 0

[sinks.lims]
kind = "ispyb"
url = "{ispyb}"

[messages]
workflows = "{folder}/workflows"

[messages.broker]
kind = "rabbitmq"
servers = "127.0.0.1:{broker}"
user = "{user}"
password = "{password}"
heartbeat = "2 s"

[money]
currency = "EUR"
seller = {{ name = "Cryo-EM facility" }}
taxes = {{ standard = {{ percent = 21, title = "VAT 21 %" }} }}
classes = {{ academic = {{ tax = "standard" }} }}

[[money.lists]]
begins = 2026-01-01
"""


@dataclass
class Disk:
    """A disk that can be taken away: what is left then is an empty mount point."""

    place: Path
    elsewhere: Path

    def take_away(self) -> None:
        self.place.rename(self.elsewhere)
        self.place.mkdir()

    def bring_back(self) -> None:
        self.place.rmdir()  # nobody has written where the disk is not
        self.elsewhere.rename(self.place)

    @property
    def is_away(self) -> bool:
        return self.elsewhere.exists()


@dataclass
class Microscope:
    """One of the facility's, with its booking and its session."""

    name: str
    how: str
    """Its session is begun: one of `BEGINNINGS`."""
    visit: str
    project: str
    movies: int
    every: float
    """Seconds between two movies."""
    copied: bool
    """Its movies are copied; else they are read in place."""
    session: str = ""
    folder: Path = Path()
    """Of the session."""
    process: "subprocess.Popen[bytes] | None" = None
    times: dict[str, float] = field(default_factory=dict)
    """When its booking was made, was offered, when its session had begun, and the first movie was
    processed; seconds since the epoch."""

    def write(self, world: "World", seed: int) -> None:
        """Begin to take movies."""
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "whole_facility.microscope", str(world.stock),
             str(world.data(self)), "--movies", str(self.movies), "--every", f"{self.every:.6f}",
             "--truth", str(world.truth(self)), "--seed", str(seed)],
            env=world.environment, cwd=world.folder,
        )  # fmt: skip
        first = world.truth(self)
        until(lambda: first.exists() and first.stat().st_size, f"{self.name} writes no movie")

    def written(self, world: "World") -> list[dict[str, Any]]:
        """The movies that it has written, the oldest first: name below its folder, and time."""
        lines = world.truth(self).read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]


@dataclass
class World:
    """All there is."""

    folder: Path
    microscopes: list[Microscope]
    lims: mariadb_server.Server
    database: postgres_server.Server
    broker: RabbitMq
    post: MailServer
    environment: dict[str, str]
    nas: Disk
    usb: Disk
    stock: Path
    server: Part
    duties: Part
    port: int

    def data(self, microscope: Microscope) -> Path:
        """Where a microscope writes its session."""
        return self.folder / "nas" / microscope.name / f"20261201_{microscope.project}"

    def truth(self, microscope: Microscope) -> Path:
        return self.folder / f"{microscope.name}.jsonl"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bookings(self) -> Path:
        return self.folder / "bookings.csv"

    def book(self, ends: datetime, *microscopes: Microscope) -> None:
        """Write the table of bookings, of those that are booked until then."""
        lines = ["microscope,begins,ends,project,login,name,reference"]
        for one in microscopes:
            begins = datetime.now(UTC) - timedelta(hours=1)
            begins = datetime.fromtimestamp(one.times.setdefault("begins", begins.timestamp()), UTC)
            span = f"{begins:%Y-%m-%dT%H:%M:%SZ},{ends:%Y-%m-%dT%H:%M:%SZ}"
            lines.append(f"{one.name},{span},{one.project},ann,Ann Lee,{one.visit}")
        whole = self.bookings.with_suffix(".new")
        whole.write_text("\n".join(lines) + "\n")
        whole.replace(self.bookings)

    def command(self, *words: str, status: Sequence[int] = (0,)) -> str:
        """Run a command of icestream to its end; what it printed.

        Those of ``icestream facility`` are run in this process: starting others takes longer.
        """
        ended, said = self._facility(*words[1:]) if words[0] == "facility" else self._run(*words)
        assert ended in status, f"{' '.join(words)} ended with {ended}:\n{said}"
        return said

    def _run(self, *words: str) -> tuple[int, str]:
        done = subprocess.run(
            icestream(*words), env=self.environment, cwd=self.folder, capture_output=True,
            text=True, check=False, timeout=600,
        )  # fmt: skip
        return done.returncode, done.stdout + (done.stderr if done.returncode else "")

    def _facility(self, *words: str) -> tuple[int, str]:
        printed = io.StringIO()
        names = ("ICESTREAM_FACILITY", "ICESTREAM_SETTINGS", "ICESTREAM_STATE")
        told = {name: self.environment[name] for name in names}
        with patch.dict(os.environ, told), redirect_stdout(printed):
            ended = app(words, result_action="return_value")
        return ended or 0, printed.getvalue()

    @contextmanager
    def facility(self) -> Iterator[Facility]:
        """The facility, as this process sees it."""
        with open_facility(self.folder / "facility.toml") as opened:
            yield opened

    def get(self, path: str) -> Any:
        """What the server answers."""
        answer = httpx.get(f"{self.url}{path}", timeout=30.0)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def world(
    folder: Path,
    movies: int,
    every: float,
    count: int = 3,
    *,
    patience: float = 10.0,
    booked: bool = False,
) -> Iterator[World]:
    """Everything but the sessions: services run, duties are done, the browser is answered.

    Parameters
    ----------
    movies
        Of each microscope.
    every
        Seconds between two movies of one.
    count
        Microscopes.
    patience
        Seconds for which a duty fails before staff are told.
    booked
        Book at once, so that nobody waits until bookings are read again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("sessions", "nas", "usb", "workflows", "state"):
        (folder / name).mkdir()
    microscopes = [
        Microscope(
            name=f"krios{number}", how=how, visit=f"cm31111-{4 + number}",
            project=f"cem0000{number}", movies=movies, every=every, copied=how != "message",
        )
        for number, how in enumerate(BEGINNINGS[-count:], 1)
    ]  # fmt: skip
    for one in microscopes:
        (folder / "nas" / one.name).mkdir()
    (folder / "workflows" / "small-fields.json").write_text(json.dumps(_WORKFLOW))
    with ExitStack() as services:
        lims = services.enter_context(mariadb_server.server())
        database = services.enter_context(postgres_server.stoppable_server())
        broker = services.enter_context(rabbitmq_server())
        post = services.enter_context(mail_server(folder))
        stock = made_stock(folder, 12)
        _visits(lims, microscopes)
        environment = _environment(folder, post)
        _write_file(folder, microscopes, lims, database, broker, patience)
        port = free_port()
        made = World(
            folder, microscopes, lims, database, broker, post, environment,
            Disk(folder / "nas", folder / "nas-away"), Disk(folder / "usb", folder / "usb-away"),
            stock,
            Part("server", icestream("serve", str(folder / "sessions"), "--port", str(port)),
                 environment, folder / "server.log"),
            Part("duties", icestream("facility", "run", "--log-json"), environment,
                 folder / "duties.log"),
            port,
        )  # fmt: skip
        made.book(datetime.now(UTC) + LASTS, *(microscopes if booked else ()))
        made.command("facility", "backup", "--prepare", "usb")
        services.callback(_end_sessions, made)
        for part in (made.server, made.duties):
            services.callback(part.stop)
            part.start()
        until(lambda: _answers(made), "the server does not answer")
        yield made


def _answers(made: World) -> bool:
    try:
        return bool(made.get("/api/facility/microscopes"))
    except httpx.HTTPError:
        return False


def _end_sessions(made: World) -> None:
    """Whatever happened, nothing runs on."""
    for one in made.microscopes:
        if one.process is not None:
            one.process.kill()
            one.process.wait()
        pid = coordinator(one.folder) if one.session else 0
        for process in own_children(pid) if pid else ():
            killed(process.pid)
        if pid:
            killed(pid)


def _visits(lims: mariadb_server.Server, microscopes: list[Microscope]) -> None:
    engine = lims.make_ispyb("ispyb")
    sessions = mariadb_server.ispyb_tables().tables["BLSession"]
    with engine.begin() as connection:
        for number, one in enumerate(microscopes):
            visit = int(one.visit.rpartition("-")[2])
            if visit != 5:  # which is there
                connection.execute(
                    insert(sessions).values(
                        sessionId=100 + number, proposalId=1, visit_number=visit,
                        beamLineName="m12",
                    )
                )  # fmt: skip
        connection.execute(text("SET GLOBAL max_connections = 100"))
    engine.dispose()


def _environment(folder: Path, post: MailServer) -> dict[str, str]:
    settings = folder / "settings.toml"
    lines = [f"{key} = {json.dumps(value)}" for key, value in post.settings(gather=5.0).items()]
    settings.write_text(
        "\n".join(["[channels.post]", *lines, "", "[channels.lines]", 'kind = "log"',
                   f'path = "{folder}/staff.jsonl"', ""])
    )  # fmt: skip
    tests = Path(__file__).parents[1]
    places = (str(tests), os.environ.get("PYTHONPATH", ""))
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, places)),
        "ICESTREAM_FACILITY": str(folder / "facility.toml"),
        "ICESTREAM_SETTINGS": str(settings),
        "ICESTREAM_STATE": str(folder / "state"),
    }


def _write_file(
    folder: Path,
    microscopes: list[Microscope],
    lims: mariadb_server.Server,
    database: postgres_server.Server,
    broker: RabbitMq,
    patience: float,
) -> None:
    in_place = json.dumps([one.name for one in microscopes if not one.copied])
    whole = _FILE.format(
        folder=folder,
        registry=database.url.replace("postgresql+psycopg", "postgresql"),
        in_place=in_place,
        ispyb=lims.url("ispyb"),
        broker=broker.port,
        user=broker.user,
        password=broker.password,
        patience=patience,
    )
    for one in microscopes:
        whole += (
            f'\n[microscopes.{one.name}]\nmovies = "{folder}/nas/{one.name}"\n'
            f'workflow = "{folder}/workflows/small-fields.json"\n'
        )
    for one in microscopes:
        whole += f'\n[money.lists.microscopes.{one.name}]\nprices = {{ academic = "90" }}\n'
    (folder / "facility.toml").write_text(whole)
    load_facility(folder / "facility.toml")
    teams = [f"{one.project},team{number}" for number, one in enumerate(microscopes, 1)]
    (folder / "projects.csv").write_text("\n".join(["code,team", *teams]) + "\n")
