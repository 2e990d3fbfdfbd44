"""The sink for ICAT as the ESRF runs it: data sets as messages of XML on a queue of its broker.

A data set is announced once, when the session is done or was stopped a day ago, since nobody can
change it by a message afterwards. Nothing answers whether a catalogue took it: the broker's
receipt is all there is.
"""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

from icestream.facility.sinks.parcels import SessionContent, StatusContent
from icestream.facility.sinks.sink import NotTaken, Received, Shipment, SinkDown

__all__ = ["Broker", "IcatSink", "dataset_message"]

NAMESPACE = "http://www.esrf.fr/icat"
_PATIENCE = 10.0
_HEARD = 300
"""Characters of an answer that people are told."""
_ANNOUNCED = "announced"
"""How the key of the status of a session begins whose data set was announced; then how many movies
it had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker that speaks STOMP."""

    host: str
    port: int
    queue: str
    user: str = ""
    password: Callable[[], str] | None = None
    tls: bool = False


class IcatSink:
    """Announces the data sets of sessions that have ended.

    Parameters
    ----------
    broker
        Where ICAT listens.
    investigation
        Template of what the investigation is called: ``{project}``, ``{booking}``.
    """

    takes = frozenset(("session", "status"))
    pictures = False
    repeated = True
    at_once = 2

    def __init__(self, broker: Broker, investigation: str) -> None:
        self._broker = broker
        self._investigation = investigation

    def reach(self) -> None:
        """Look whether the broker lets us in."""
        with _Connected(self._broker):
            pass

    def deliver(self, shipment: Shipment) -> Received:
        """Announce a session that has ended; of one that goes on nothing is told."""
        keys: dict[str, str] = {}
        said: tuple[str, ...] = ()
        for parcel in shipment.parcels:
            content = parcel.content
            keys[parcel.id] = known = shipment.keys.key(parcel.id) or ""
            if not isinstance(content, StatusContent) or not content.final:
                continue
            if not known.startswith(_ANNOUNCED):
                self._announce(shipment, content)
                keys[parcel.id] = f"{_ANNOUNCED} with {content.exposures}"
            elif known not in (_ANNOUNCED, f"{_ANNOUNCED} with {content.exposures}"):
                said = (
                    f"it went on after it was {known} movies: ICAT is not told that it has "
                    f"{content.exposures} by now",
                )
        return Received(keys, said=said)

    def close(self) -> None:
        """Nothing is kept open."""

    def _announce(self, shipment: Shipment, status: StatusContent) -> None:
        content = shipment.about
        if content is None:
            raise NotTaken("nothing was taken in by this session")
        named = {"project": content.project, "booking": shipment.keys.chosen}
        investigation = self._investigation.format(**named)
        if not investigation or not content.microscope:
            raise NotTaken("ICAT needs the investigation and the microscope: they are not known")
        message = dataset_message(content, status, investigation)
        with _Connected(self._broker) as connection:
            connection.send(message)


def dataset_message(content: SessionContent, status: StatusContent, investigation: str) -> bytes:
    """A data set as ICAT's ingester reads it.

    Parameters
    ----------
    content, status
        What the session is, and how it ended.
    investigation
        The proposal that it belongs to.
    """
    began, ended = _time(content.began), _time(status.ended or content.began)
    parameters = {
        "Sample_name": content.project or content.name,
        "beamlineID": content.microscope.lower(),
        "datasetName": content.name,
        "proposal": investigation.lower(),
        "location": content.images,
        "startDate": began,
        "endDate": ended,
        "machine": socket.getfqdn(),
        "software": content.software.replace(" ", "_"),
        "complete": "true",
        "definition": "EM",
        "EM_voltage": _number(content.voltage),
        "EM_spherical_aberration": _number(content.spherical_aberration),
        "EM_sampling_rate": _number(content.pixel_size),
        "EM_images_count": _number(content.frames),
        "EM_total_dose": _number(content.dose),
        "EM_total_movie_number": str(status.exposures),
    }
    ElementTree.register_namespace("tns", NAMESPACE)
    root = ElementTree.Element(_tag("dataset"), {"complete": "true"})
    for name, value in (
        ("investigation", investigation.lower()),
        ("instrument", content.microscope.lower()),
        ("name", content.name),
        ("location", content.images),
        ("startDate", began),
        ("endDate", ended),
    ):
        ElementTree.SubElement(root, _tag(name)).text = value
    sample = ElementTree.SubElement(root, _tag("sample"))
    ElementTree.SubElement(sample, _tag("name")).text = parameters["Sample_name"]
    for name, value in parameters.items():
        if value:
            parameter = ElementTree.SubElement(root, _tag("parameter"))
            ElementTree.SubElement(parameter, _tag("name")).text = name
            ElementTree.SubElement(parameter, _tag("value")).text = value
    written: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


class _Connected:
    """A connection to a broker for one message: STOMP 1.2, a frame out and its receipt back."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._waiting = b""

    def __enter__(self) -> "_Connected":
        broker = self._broker
        try:
            self._socket = socket.create_connection((broker.host, broker.port), _PATIENCE)
            if broker.tls:
                trust = ssl.create_default_context()
                self._socket = trust.wrap_socket(self._socket, server_hostname=broker.host)
        except OSError as error:
            raise self._down(str(error)) from None
        try:
            headers = {"accept-version": "1.2", "host": "/", "heart-beat": "0,0"}
            if broker.user:
                headers["login"] = broker.user
            if broker.password is not None:
                headers["passcode"] = broker.password()
            self._say("CONNECT", headers)
            self._hear("CONNECTED")
        except BaseException:
            self._socket.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with self._socket, suppress(SinkDown):
            self._say("DISCONNECT", {})

    def send(self, message: bytes) -> None:
        """Send one message, and wait until the broker says that it has it."""
        headers = {
            "destination": f"/queue/{self._broker.queue}",
            "persistent": "true",
            "content-length": str(len(message)),
            "receipt": "sent",
        }
        self._say("SEND", headers, message)
        self._hear("RECEIPT")

    def _say(self, command: str, headers: dict[str, str], body: bytes = b"") -> None:
        lines = [command, *(f"{name}:{_escaped(value)}" for name, value in headers.items())]
        head = "\n".join(lines)
        try:
            self._socket.sendall(f"{head}\n\n".encode() + body + b"\x00")
        except OSError as error:
            raise self._down(str(error)) from None

    def _hear(self, wanted: str) -> None:
        """Read one frame; SinkDown where it is another."""
        try:
            while b"\x00" not in self._waiting:
                came = self._socket.recv(4096)
                if not came:
                    raise self._down("the connection was closed")
                self._waiting += came
        except OSError as error:
            raise self._down(f"no answer: {error}") from None
        frame, _, self._waiting = self._waiting.partition(b"\x00")
        head, _, body = frame.lstrip(b"\r\n").decode(errors="replace").partition("\n\n")
        if head.partition("\n")[0].strip() != wanted:
            raise self._down(" ".join(f"{head} {body}".split())[:_HEARD])

    def _down(self, why: str) -> SinkDown:
        return SinkDown(f"{self._broker.host}:{self._broker.port}: {why}")


def _escaped(value: str) -> str:
    """A value of a header; a password may have any letters."""
    for sign, written in (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), (":", "\\c")):
        value = value.replace(sign, written)
    return value


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
