"""The sink for SciCat: two data sets for each session, one of the movies and one of the results.

A catalogue is no LIMS: it has no place for single movies. What is told of the processing is a
summary, which is brought up to date until the session is done.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from icestream.facility.sinks.parcels import SessionContent, StatusContent
from icestream.facility.sinks.sink import NotTaken, Received, Shipment, SinkDown
from icestream.facility.sinks.web import SinkServer, read_answer
from icestream.model import quality_of

__all__ = ["SciCatSink", "SciCatUser", "mark_words"]

_LATER = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class SciCatUser:
    """Who writes into the catalogue, and whose data sets they become."""

    name: str
    password: Callable[[], str]
    owner_group: str
    """Template: ``{project}`` stands for the code of the project."""
    contact: str
    """Address of whom to ask."""
    location: str
    """Where data are made: ``/FACILITY/{microscope}``."""
    access_groups: tuple[str, ...] = ()


def mark_words(uid: str) -> str:
    """The keyword by which the data sets of a session are found again."""
    return f"icestream:{uid}"


class SciCatSink:
    """Keeps the data sets of sessions in a catalogue.

    Parameters
    ----------
    url
        Of the server, such as ``https://scicat.example.org``.
    user
        Who writes, and whose they become.
    certificates
        A file with those that are trusted beside the machine's.
    """

    takes = frozenset(("session", "status"))
    pictures = False
    repeated = False
    at_once = 2

    def __init__(self, url: str, user: SciCatUser, certificates: Path | None = None) -> None:
        self._url = url.rstrip("/")
        self._user = user
        self._certificates = certificates
        self._asked: SinkServer | None = None
        self._token = ""

    def reach(self) -> None:
        """Look whether the catalogue lets us in."""
        self._login()

    def deliver(self, shipment: Shipment) -> Received:
        """Make the data sets of a session, or bring them up to date."""
        keys: dict[str, str] = {}
        for parcel in shipment.parcels:
            content = parcel.content
            if isinstance(content, SessionContent):
                keys[parcel.id] = self._session(shipment, content)
            elif isinstance(content, StatusContent):
                known = keys.get("session") or shipment.keys.key("session") or "{}"
                keys[parcel.id] = self._status(json.loads(known)["derived"], content)
        return Received(keys)

    def close(self) -> None:
        """Give up the connection, and what it was let in by."""
        if self._asked is not None:
            self._asked.close()
        self._asked, self._token = None, ""

    # -- data sets -----------------------------------------------------------------------------

    def _session(self, shipment: Shipment, content: SessionContent) -> str:
        known = shipment.keys.key("session")
        found = json.loads(known) if known else self._find(shipment.session)
        raw = self._put(found.get("raw"), self._raw(content))
        derived = self._put(found.get("derived"), self._derived(content, raw))
        return json.dumps({"raw": raw, "derived": derived})

    def _status(self, pid: str, content: StatusContent) -> str:
        changed: dict[str, Any] = {
            "scientificMetadata": _summary(content),
            "comment": f"{content.state}: {content.reason}" if content.reason else content.state,
        }
        if content.ended is not None:
            changed["endTime"] = _time(content.ended)
        read_answer(self._api("PATCH", f"datasets/{_quoted(pid)}", json=changed))
        return pid

    def _find(self, uid: str) -> dict[str, str]:
        """The data sets of a session that are there already, by their type."""
        wanted = {"where": {"keywords": mark_words(uid)}, "limits": {"limit": 10}}
        answer = self._api("GET", "datasets", params={"filter": json.dumps(wanted)})
        found = read_answer(answer)
        return {one["type"]: one["pid"] for one in reversed(found)} if found else {}

    def _put(self, pid: str | None, document: dict[str, Any]) -> str:
        """Change a data set, or make one; its identifier."""
        if pid is not None:
            kept = {name: value for name, value in document.items() if name not in _MADE_WITH}
            answer = self._api("PATCH", f"datasets/{_quoted(pid)}", json=kept)
            if answer.status_code != 404:
                read_answer(answer)
                return pid
        made = read_answer(self._api("POST", "datasets", json=document))
        if not isinstance(made, dict) or not made.get("pid"):
            raise SinkDown(f"{self._url} made a data set, and did not say which")
        return str(made["pid"])

    def _owned(self, content: SessionContent) -> dict[str, Any]:
        user = self._user
        named = {"project": content.project, "microscope": content.microscope}
        group = user.owner_group.format(**named)
        if not group:
            raise NotTaken("it belongs to no project, and so to no group of the catalogue")
        return {
            "ownerGroup": group,
            "accessGroups": list(user.access_groups),
            "owner": group,
            "contactEmail": user.contact,
            "creationLocation": user.location.format(**named),
            "creationTime": _time(content.began),
            "startTime": _time(content.began),
            "keywords": [mark_words(content.uid), "cryo-EM"],
            "principalInvestigators": [],
            "proposalIds": [content.project] if content.project else [],
            "isPublished": False,
        }

    def _raw(self, content: SessionContent) -> dict[str, Any]:
        pixels = None if content.shape is None else [content.shape[1], content.shape[0]]
        return {
            **self._owned(content),
            "type": "raw",
            "datasetName": f"{content.name} movies",
            "sourceFolder": content.images,
            "dataFormat": content.suffix,
            "scientificMetadata": _measured(
                voltage=(content.voltage, "kV"),
                pixel_size=(content.pixel_size, "angstrom"),
                spherical_aberration=(content.spherical_aberration, "mm"),
                dose=(content.dose, "angstrom^-2"),
                frames=(content.frames, ""),
                image_size=(pixels, ""),
                microscope=(content.microscope or None, ""),
            ),
        }

    def _derived(self, content: SessionContent, raw: str) -> dict[str, Any]:
        return {
            **self._owned(content),
            "type": "derived",
            "datasetName": f"{content.name} results",
            "sourceFolder": content.folder,
            "inputDatasets": [raw],
            "usedSoftware": [content.software],
            "jobParameters": {"workflow": content.workflow, "steps": dict(content.steps)},
        }

    # -- asking --------------------------------------------------------------------------------

    def _api(self, method: str, path: str, **more: Any) -> Any:
        """Ask as a user of the catalogue; again where it has forgotten who we are."""
        if not self._token:
            self._login()
        for _ in range(2):
            headers = {"Authorization": f"Bearer {self._token}"}
            answer = self._server().ask(
                method, f"{self._url}/api/v4/{path}", headers=headers, **more
            )
            if answer.status_code != _LATER:
                break
            self._login()
        return answer

    def _login(self) -> None:
        said = {"username": self._user.name, "password": self._user.password()}
        answer = self._server().ask("POST", f"{self._url}/api/v3/auth/login", json=said)
        if not answer.is_success:
            raise SinkDown(
                f"{self._url} does not let {self._user.name} in: {answer.status_code} "
                f"{answer.reason_phrase}"
            )
        found = read_answer(answer)
        self._token = str(found.get("access_token") or found.get("id") or "") if found else ""
        if not self._token:
            raise SinkDown(f"{self._url} lets {self._user.name} in, and gives no token")

    def _server(self) -> SinkServer:
        if self._asked is None:
            self._asked = SinkServer(self._certificates)
        return self._asked


_MADE_WITH = frozenset(("type",))
"""What a data set is made with, and cannot be changed."""


def _summary(content: StatusContent) -> dict[str, Any]:
    """What the results are, as values with units."""
    counts = {
        "exposures": (content.exposures, ""),
        "accepted": (content.accepted, ""),
        "rejected": (content.rejected, ""),
        "failed": (content.failed, ""),
    }
    units = {"Å": "angstrom", "°": "deg"}
    medians = {
        f"median_{name.replace('.', '_')}": (value, units.get(quality_of(name).unit, ""))
        for name, value in content.medians.items()
    }
    return _measured(**counts, **medians)


def _measured(**values: tuple[Any, str]) -> dict[str, Any]:
    """Values with their units, as the catalogue has them; without what is not known."""
    return {
        name: {"value": value, "unit": unit}
        for name, (value, unit) in values.items()
        if value is not None
    }


def _quoted(pid: str) -> str:
    return pid.replace("/", "%2F")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
