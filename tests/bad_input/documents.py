"""Readers of documents that people, programs and other machines hand over: JSON, TOML, tables."""

import contextlib
import functools
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from bad_input.target import Target
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import InvalidWorkflow, load_workflow, order_of
from icestream.engine.requests.models import InvalidRequest, read_request
from icestream.exchange.foreign import NotImported
from icestream.exchange.importing import import_file
from icestream.exchange.repository import RepositoryError, fetch, open_repository
from icestream.facility.asking import SourceError
from icestream.facility.backup.archive import BadArchive, read_archive
from icestream.facility.backup.restoring import NotRestored, _read_card
from icestream.facility.begin.card import CARD, BadCard, read_card
from icestream.facility.bookings.csv_file import CsvTable
from icestream.facility.bookings.ical import Ical
from icestream.facility.bookings.kinds import Calendar, CsvBookings, IcalBookings
from icestream.facility.file import FacilityFileError, load_facility
from icestream.facility.messages.documents import UnreadableRequest, parsed, read_message
from icestream.facility.messages.kinds import ZocaloSection
from icestream.facility.messages.zocalo import identity_of, read_step, start_of
from icestream.facility.money.kinds import MoneyRefusal
from icestream.facility.money.texts import load_texts
from icestream.facility.projects.csv_file import ProjectTable
from icestream.facility.projects.kinds import CsvProjects
from icestream.protocol import ItemFailed, Registry
from icestream.protocol.checkpoint import read_checkpoint, write_checkpoint
from icestream.store.pointer import POINTER, BadPointer, read_pointer
from icestream.usage.statement import UsageStatement

__all__ = ["DOCUMENTS"]

_ZONE = ZoneInfo("Europe/Madrid")


def _json(folder: Path, **documents: Any) -> None:
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document))


def _workflow(path: Path) -> None:
    workflow = load_workflow(path)
    with contextlib.suppress(LookupError):
        order_of(workflow)
    validate(workflow, _registry())
    json.dumps(workflow.to_document())


def _workflow_seeds(folder: Path) -> None:
    for one in (files("icestream.engine.graph") / "workflows").iterdir():
        if one.name.endswith(".json"):
            (folder / one.name).write_text(one.read_text("utf-8"))
    blank = {"name": "size", "kind": "number", "default": 1.5, "unit": "Å", "metadata": "x"}
    step = {"name": "a", "protocol": "movies.import", "parameters": {"pixel_size": "{{size}}"},
            "origin": {"program": "scipion", "kind": "x", "values": {"a": 1}},
            "said_by": {"pixel_size": "header"}, "within": ["/data"]}  # fmt: skip
    follows = {"name": "b", "protocol": "scipion:ProtGctf", "inputs": {"movie": ["a.movie"]}}
    _json(
        folder,
        blanks={"version": 2, "name": "x", "blanks": [blank], "steps": [step, follows]},
        first={
            "name": "x",
            "steps": [{"name": "a", "protocol": "b", "parameters": {"c": "{{d}}"}}],
        },
    )


_SCIPION = [
    {"object.className": "ProtImportMovies", "object.id": "2", "object.label": "in",
     "filesPath": "~Movie folder|%(HOME)s/Movies|2|moviesPath~", "filesPattern": "*.mrc",
     "voltage": "~Voltage|300|4~", "samplingRate": 0.8, "doAutoHigh": False,
     "gainFile": "~Gain||5~"},
    {"object.className": "ProtMotionCorr", "object.id": "3", "inputMovies": "2.outputMovies",
     "binFactor": 2.0, "patchX": 5},
    {"object.className": "ProtCTFFind", "object.id": "4", "object.label": "ctf",
     "inputMicrographs": "3.outputMicrographs", "lowRes": 0.05, "windowSize": 512},
    {"object.className": "XmippProtPickingConsensus", "object.id": "5",
     "inputCoordinates": ["4.outputCoordinates", "3"], "consensus": 1, "numberOfMpi": 1},
]  # fmt: skip


def _scipion_seeds(folder: Path) -> None:
    _json(folder, plain=_SCIPION)
    text = json.dumps(_SCIPION, indent=1).replace('"~Voltage|300|4~"', "~Voltage|300|4~")
    (folder / "template").write_text("Words about it, 100%%.\n" + text)


def _scipion(path: Path) -> None:
    imported = import_file(path, _registry())
    json.dumps(imported.workflow.to_document())


def _pipeline_seeds(folder: Path) -> None:
    (folder / "two").write_text(
        "data_pipeline_general\n_rlnPipeLineJobCounter 3\n\ndata_pipeline_processes\nloop_\n"
        "_rlnPipeLineProcessName #1\n_rlnPipeLineProcessAlias #2\n"
        "_rlnPipeLineProcessTypeLabel #3\n_rlnPipeLineProcessStatusLabel #4\n"
        "Import/job001/ None relion.import.movies Succeeded\n"
        "CtfFind/job002/ CtfFind/x/ relion.ctffind.ctffind4 Succeeded\n\n"
        "data_pipeline_nodes\nloop_\n_rlnPipeLineNodeName\n_rlnPipeLineNodeTypeLabel\n"
        "Import/job001/movies.star MicrographMoviesData.star.relion\n\n"
        "data_pipeline_input_edges\nloop_\n_rlnPipeLineEdgeFromNode\n_rlnPipeLineEdgeProcess\n"
        "Import/job001/movies.star CtfFind/job002/\n\n"
        "data_pipeline_output_edges\nloop_\n_rlnPipeLineEdgeProcess\n_rlnPipeLineEdgeToNode\n"
        "Import/job001/ Import/job001/movies.star\n"
    )


def _job(path: Path) -> None:
    """A job's own file, in a project whose pipeline is as it should be."""
    _pipeline_seeds(path.parent)
    (path.parent / "two").rename(path.parent / "default_pipeline.star")
    for job in ("Import/job001", "CtfFind/job002"):
        (path.parent / job).mkdir(parents=True, exist_ok=True)
        (path.parent / job / "job.star").write_bytes(path.read_bytes())
    import_file(path.parent, _registry())


def _job_seeds(folder: Path) -> None:
    (folder / "ctf").write_text(
        "data_job\n_rlnJobTypeLabel relion.ctffind.ctffind4\n_rlnJobIsContinue 0\n\n"
        "data_joboptions_values\nloop_\n_rlnJobOptionVariable\n_rlnJobOptionValue\n"
        "input_star_mics Import/job001/movies.star\ndfmin 5000\nbox 512\ndo_phaseshift No\n"
        "fn_in_raw Movies/*.tiff\nangpix 0.885\nkV 200\n"
    )


def _request(path: Path) -> None:
    text = path.read_text(encoding="utf-8", errors="replace")
    read_request(text)


def _request_seeds(folder: Path) -> None:
    _json(
        folder,
        set={"verb": "set", "step": "ctf", "changes": {"defocus_max": 4}, "who": "x"},
        pause={"verb": "pause"},
        branch={"verb": "branch", "name": "b", "changes": {"ctf": {"tile_size": 512}},
                "exposures": ["a"]},
        reject={"verb": "reject", "exposures": ["a"], "why": "ice"},
    )  # fmt: skip


def _message(path: Path) -> None:
    read_message(path.read_bytes())


def _message_seeds(folder: Path) -> None:
    _json(
        folder,
        start={"version": 1, "id": "a", "action": "start", "session": "s", "workflow": "default",
               "movies": "/data/*.tif", "acquisition": {"pixel_size": 0.8}, "watch": False,
               "fill": {"size": 1}, "parameters": {"ctf": {"x": 1}}, "idle_timeout": 60},
        ask={"id": "b", "action": "ask", "session": "s", "request": {"verb": "pause"}},
        status={"id": "c", "action": "status", "session": "s", "who": "me"},
    )  # fmt: skip


def _zocalo(path: Path) -> None:
    body = path.read_bytes()
    document = parsed(body)
    identity = identity_of(document, body)
    for read in (
        lambda: start_of(document, ZocaloSection(), identity),
        lambda: read_step(document).asked,
    ):
        try:
            read()
        except UnreadableRequest:
            continue


def _zocalo_seeds(folder: Path) -> None:
    parameters = {
        "dcid": 77, "movie": "/dls/raw/Images-Disc1/GridSquare_5/Data/F_1_fractions.tiff",
        "kv": 300, "pixel_size": "0.83", "fm_dose": 1.1, "gain_ref": "/g.mrc", "guid": "x",
    }  # fmt: skip
    step = {"service": "x", "queue": "y", "parameters": {"a": "{$ID}", "b": "$ID"}, "output": [2]}
    _json(
        folder,
        start={"recipes": ["em-spa-preprocess"], "parameters": parameters},
        step={"payload": {"a": 1}, "recipe": {"1": step, "2": step, "start": [[1, []]]},
              "recipe-pointer": 1, "recipe-path": [], "environment": {"ID": "abc"}},
    )  # fmt: skip


def _facility_seeds(folder: Path) -> None:
    (folder / "example").write_bytes((files("icestream.facility") / "example.toml").read_bytes())


def _texts_seeds(folder: Path) -> None:
    (folder / "words").write_text(
        'language = "de"\ninvoice = "Rechnung"\nday_pattern = "%d.%m.%Y"\n'
    )


def _bookings_seeds(folder: Path) -> None:
    (folder / "table").write_text(
        "microscope,begins,ends,reference,kind,state,title,login,name,email,project\n"
        "krios1,2026-11-23 08:00,2026-11-24T08:00:00+01:00,r1,booked,booked,x,l,n,e@x.org,p\n"
        'krios1,2026-11-25,2026-11-26,r2,,,"a, b",,,,\n'
    )


def _bookings(path: Path) -> None:
    CsvTable(CsvBookings(kind="csv", file=path), _ZONE).bookings(0.0, 4e9)


def _projects_seeds(folder: Path) -> None:
    (folder / "table").write_text(
        "code,title,pi,pi_name,pi_email,team,confidential,begins,ends,people,state\n"
        "cem1,About,ana,Ana B,a@x.org,lab,no,2026-01-01,2026-12-31,ana ben,open\n"
    )


def _projects(path: Path) -> None:
    ProjectTable(CsvProjects(kind="csv", file=path), _ZONE).projects()


def _calendar(path: Path) -> None:
    section = IcalBookings(kind="ical", calendars=(Calendar(file=path, microscope="krios1"),))
    Ical(section, _ZONE).bookings(1.79e9, 1.8e9)


def _calendar_seeds(folder: Path) -> None:
    (folder / "two").write_text(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:X\r\n"
        "BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\n"
        "TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n"
        "END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260901T000000Z\r\n"
        "DTSTART;TZID=X:20260928T080000\r\nDTEND;TZID=X:20260928T180000\r\nSUMMARY:a\r\n"
        "RRULE:FREQ=WEEKLY;COUNT=3\r\nEXDATE;TZID=X:20261005T080000\r\n"
        "ORGANIZER;CN=Ana B:mailto:ana@x.org\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\n"
        "DTSTAMP:20260901T000000Z\r\nDTSTART;VALUE=DATE:20260930\r\nDURATION:P2D\r\n"
        "STATUS:CANCELLED\r\nLOCATION:krios\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


_SHARED = '{"version": 2, "name": "a", "steps": []}'


def _repository(path: Path) -> None:
    (path.parent / "a.json").write_text(_SHARED)
    repository = open_repository(str(path.parent))
    for one in repository.entries:
        fetch(repository, one.name)


def _repository_seeds(folder: Path) -> None:
    entry = {
        "name": "a",
        "about": "x",
        "steps": 0,
        "release": 1,
        "form": 2,
        "bytes": len(_SHARED),
        "sha256": hashlib.sha256(_SHARED.encode()).hexdigest(),
    }
    _json(folder, index={"version": 1, "workflows": [entry]})


def _pointer_seeds(folder: Path) -> None:
    _json(
        folder,
        file={"file": "/var/x.db", "host": "h", "folder": "/data/s"},
        database={"url": "postgresql://u@h/d", "schema": "s1"},
    )


def _card_seeds(folder: Path) -> None:
    _json(folder, card={"version": 1, "session": "s", "key": "k", "folder": "/d/s", "place": "/d",
                        "began": 1e9, "booking": ["a", "b"], "project": "p"})  # fmt: skip


def _backup_card_seeds(folder: Path) -> None:
    _json(folder, card={"session": "s", "processing": "/d/s", "movies": "/d/m", "place": None,
                        "at": 1e9, "backup": "usb", "volume": "v", "files": {"movies": 2},
                        "bytes": {"movies": 20}})  # fmt: skip


def _archive(path: Path) -> None:
    """The registry's archive with this as what it says of itself."""
    packed = path.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("about.json", path.read_bytes())
        file.writestr("registry.db", b"x")
    read_archive(packed)


_ABOUT = {
    "kind": "icestream registry", "facility": "f", "at": 1.0, "icestream": "0.1", "schema": "0006",
    "rows": {"people": 3}, "contents": "x",
    "digests": {"registry.db": hashlib.blake2b(b"x", digest_size=16).hexdigest()},
    "files": [{"name": "facility.toml", "place": "/etc/x", "left_out": ["a"], "trouble": ""}],
}  # fmt: skip


def _about_seeds(folder: Path) -> None:
    _json(folder, about=_ABOUT)


def _zip_seeds(folder: Path) -> None:
    with zipfile.ZipFile(folder / "zip", "w") as file:
        file.writestr("about.json", json.dumps(_ABOUT))
        file.writestr("registry.db", b"x")


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    place: Path | None
    rows: NDArray[np.float32]


@dataclass(slots=True)
class _State:
    """Something of all that a checkpoint may hold."""

    count: int
    size: float
    parts: list[_Part]
    either: _Part | tuple[int, str] | None
    known: dict[str, tuple[float, ...]]
    random: np.random.Generator


def _checkpoint_seeds(folder: Path) -> None:
    part = _Part("a", Path("b"), np.arange(3, dtype=np.float32))
    state = _State(1, float("nan"), [part, part], part, {"x": (1.0, 2.0)}, np.random.default_rng(1))
    write_checkpoint(folder / "state", state, _State)


def _tree_seeds(folder: Path) -> None:
    _checkpoint_seeds(folder)
    with zipfile.ZipFile(folder / "state") as file:
        text = file.read("state.json")
    (folder / "state").write_bytes(text)


def _tree(path: Path) -> None:
    """A checkpoint with this as its tree, and arrays as they should be."""
    array = io.BytesIO()
    np.save(array, np.arange(3, dtype=np.float32))
    packed = path.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("state.json", path.read_bytes())
        file.writestr("0.npy", array.getvalue())
    read_checkpoint(packed, _State)


def _statement(path: Path) -> None:
    UsageStatement.model_validate_json(path.read_bytes())


def _statement_seeds(folder: Path) -> None:
    protocol = {"name": "ctf.estimate", "version": 1, "plugin": "icestream",
                "plugin_version": "0.1.0", "sessions": 1}  # fmt: skip
    day = {"day": "2026-11-01", "sessions": 1, "exposures": 100, "protocols": [protocol],
           "chains": [{"protocol": "movies.import", "next": "movies.align",
                       "sessions": 1}]}  # fmt: skip
    _json(folder, one={"form": 1, "installation": "0" * 32, "country": "ES", "icestream": "0.1.0",
                       "python": "3.11", "days": [day]})  # fmt: skip


def _target(name: str, *modules: str, **more: Any) -> Target:
    return Target(name=name, modules=tuple(f"icestream.{one}" for one in modules), **more)


@functools.cache
def _registry() -> Registry:
    return Registry()


DOCUMENTS = (
    _target(
        "workflow",
        "engine.graph",
        file="given.json",
        read=_workflow,
        allowed=(InvalidWorkflow,),
        kind="json",
        seeds=_workflow_seeds,
    ),
    _target(
        "scipion",
        "exchange",
        "engine.graph",
        file="given.json",
        read=_scipion,
        allowed=(NotImported,),
        kind="json",
        seeds=_scipion_seeds,
    ),
    _target(
        "relion-pipeline",
        "exchange",
        "formats",
        file="default_pipeline.star",
        read=lambda path: import_file(path, _registry()),
        allowed=(NotImported,),
        kind="text",
        seeds=_pipeline_seeds,
    ),
    _target(
        "relion-job",
        "exchange",
        "formats",
        read=_job,
        allowed=(NotImported,),
        kind="text",
        seeds=_job_seeds,
    ),
    _target(
        "request",
        "engine.requests",
        read=_request,
        allowed=(InvalidRequest,),
        kind="json",
        seeds=_request_seeds,
    ),
    _target(
        "message",
        "facility.messages.documents",
        read=_message,
        allowed=(UnreadableRequest,),
        kind="json",
        seeds=_message_seeds,
    ),
    _target(
        "zocalo",
        "facility.messages",
        read=_zocalo,
        allowed=(UnreadableRequest,),
        kind="json",
        seeds=_zocalo_seeds,
    ),
    _target(
        "facility-file",
        "facility.file",
        "facility.kinds",
        file="facility.toml",
        read=load_facility,
        allowed=(FacilityFileError,),
        kind="text",
        seeds=_facility_seeds,
    ),
    _target(
        "invoice-words",
        "facility.money.texts",
        file="words.toml",
        read=load_texts,
        allowed=(MoneyRefusal,),
        kind="text",
        seeds=_texts_seeds,
    ),
    _target(
        "bookings",
        "facility.bookings",
        file="bookings.csv",
        read=_bookings,
        allowed=(SourceError,),
        kind="text",
        seeds=_bookings_seeds,
    ),
    _target(
        "projects",
        "facility.projects",
        "facility.bookings",
        file="projects.csv",
        read=_projects,
        allowed=(SourceError,),
        kind="text",
        seeds=_projects_seeds,
    ),
    _target(
        "calendar",
        "facility.bookings",
        file="bookings.ics",
        read=_calendar,
        allowed=(SourceError,),
        kind="text",
        seeds=_calendar_seeds,
    ),
    _target(
        "repository",
        "exchange.repository",
        "engine.graph",
        file="index.json",
        read=_repository,
        allowed=(RepositoryError, InvalidWorkflow),
        kind="json",
        seeds=_repository_seeds,
    ),
    _target(
        "store-pointer",
        "store.pointer",
        file=POINTER,
        read=lambda path: read_pointer(path.parent),
        allowed=(BadPointer,),
        kind="json",
        seeds=_pointer_seeds,
    ),
    _target(
        "session-card",
        "facility.begin.card",
        file=CARD,
        read=lambda path: read_card(path.parent),
        allowed=(BadCard,),
        kind="json",
        seeds=_card_seeds,
    ),
    _target(
        "backup-card",
        "facility.backup.restoring",
        read=_read_card,
        allowed=(NotRestored,),
        kind="json",
        seeds=_backup_card_seeds,
    ),
    _target(
        "registry-archive",
        "facility.backup.archive",
        read=_archive,
        allowed=(BadArchive,),
        kind="json",
        seeds=_about_seeds,
    ),
    _target(
        "registry-zip",
        "facility.backup.archive",
        file="given.zip",
        read=read_archive,
        allowed=(BadArchive,),
        seeds=_zip_seeds,
    ),
    _target(
        "checkpoint",
        "protocol.checkpoint",
        "formats.arrays",
        file="state",
        read=lambda path: read_checkpoint(path, _State),
        allowed=(ItemFailed,),
        seeds=_checkpoint_seeds,
    ),
    _target(
        "checkpoint-tree",
        "protocol.checkpoint",
        "formats.arrays",
        read=_tree,
        allowed=(ItemFailed,),
        kind="json",
        seeds=_tree_seeds,
    ),
    _target(
        "usage-statement",
        "usage.statement",
        read=_statement,
        allowed=(ValidationError,),
        kind="json",
        seeds=_statement_seeds,
    ),
)
"""All of them."""
