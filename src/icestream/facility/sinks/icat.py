"""The sink for ICAT as the ESRF runs it: data sets as messages of XML on a queue of its broker.

A data set is announced once, when the session has ended, since nobody can change it by a message
afterwards. Nothing answers whether a catalogue took it: the broker's receipt is all there is.
"""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from icestream.facility.sinks.parcels import SessionContent, StatusContent
from icestream.facility.sinks.sink import NotTaken, Received, Shipment, SinkDown

__all__ = ["Broker", "IcatSink", "dataset_message"]

NAMESPACE = "http://www.esrf.fr/icat"
_PATIENCE = 10.0
_ANNOUNCED = "announced"
"""The key of the status of a session whose data set was announced."""


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
        for parcel in shipment.parcels:
            content = parcel.content
            keys[parcel.id] = shipment.keys.key(parcel.id) or ""
            if isinstance(content, StatusContent) and content.state == "done":
                if keys[parcel.id] != _ANNOUNCED:
                    self._announce(shipment, content)
                keys[parcel.id] = _ANNOUNCED
        return Received(keys)

    def close(self) -> None:
        """Nothing is kept open."""

    def _announce(self, shipment: Shipment, status: StatusContent) -> None:
        content = shipment.about
        if content is None:
            raise NotTaken("nothing was taken in by this session")
        named = {"project": content.project, "booking": shipment.keys.chosen}
        investigation = self._investigation.format(**named)
        if not investigation or not content.microscope:
            raise NotTaken("ICAT needs the investigation and the microscope, and this session's "
                           "are not known")  # fmt: skip
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
    """A connection to a broker for one message."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._confirmed = threading.Event()

    def __enter__(self) -> "_Connected":
        try:
            import stomp
        except ModuleNotFoundError:
            raise SinkDown("stomp.py is not installed, which talks to the broker: "
                           "pip install stomp-py") from None  # fmt: skip
        broker = self._broker
        place = (broker.host, broker.port)
        self._connection = stomp.Connection12([place], timeout=_PATIENCE, reconnect_attempts_max=1)
        if broker.tls:
            self._connection.set_ssl([place])
        self._connection.set_listener("receipt", _listener(self._confirmed))
        password = None if broker.password is None else broker.password()
        try:
            self._connection.connect(broker.user or None, password, wait=True)
        except (stomp.exception.StompException, OSError) as error:
            said = str(error) or type(error).__name__
            raise SinkDown(f"{broker.host}:{broker.port}: {said}") from None
        return self

    def send(self, message: bytes) -> None:
        """Send one message, and wait until the broker has it."""
        broker = self._broker
        self._connection.send(
            f"/queue/{broker.queue}", message, headers={"persistent": "true", "receipt": "sent"}
        )
        if not self._confirmed.wait(_PATIENCE):
            raise SinkDown(f"{broker.host}:{broker.port} did not confirm a message")

    def __exit__(self, *_: object) -> None:
        self._connection.disconnect()


def _listener(confirmed: threading.Event) -> Any:
    """What hears that the broker has a message."""
    import stomp

    class Receipts(stomp.ConnectionListener):  # type: ignore[misc]
        def on_receipt(self, _: Any) -> None:
            confirmed.set()

    return Receipts()


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
