"""The sink for whoever takes JSON over HTTP: signed shipments that can be told from each other."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path

from icestream.facility.sinks.parcels import CONTENTS
from icestream.facility.sinks.sink import NO_NUMBER, NotTaken, Received, Shipment
from icestream.facility.sinks.web import SinkServer, read_answer

__all__ = ["HttpSink", "signature_of"]


def signature_of(secret: str, timestamp: str, body: bytes) -> str:
    """What the header ``X-Icestream-Signature`` says: HMAC-SHA256 of the time and the body."""
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


class HttpSink:
    """Posts shipments.

    A shipment that was sent and not answered is sent again with the same bytes and the same
    ``Idempotency-Key``. The answer may say of single parcels that they are refused:
    ``{"refused": {"movie:17": "why"}}``.

    Parameters
    ----------
    url
        Where to; it may be secret, and is read for each shipment.
    secret
        By which shipments are signed; None: they are not.
    token
        That is sent as a bearer's; None: none is.
    certificates
        A file with those that are trusted beside the machine's.
    """

    takes = frozenset(CONTENTS)
    pictures = True
    repeated = True
    at_once = 500

    def __init__(
        self,
        url: Callable[[], str],
        secret: Callable[[], str] | None = None,
        token: Callable[[], str] | None = None,
        certificates: Path | None = None,
    ) -> None:
        self._url = url
        self._secret = secret
        self._token = token
        self._certificates = certificates
        self._asked: SinkServer | None = None

    def reach(self) -> None:
        """Look whether a server answers; nothing is posted, so that any answer will do."""
        self._connected().ask("OPTIONS", self._url())

    def deliver(self, shipment: Shipment) -> Received:
        """Post a shipment."""
        document = {
            "format": "icestream-parcels",
            "version": 1,
            "session": {"uid": shipment.session, "name": shipment.name},
            "parcels": [parcel.described() for parcel in shipment.parcels],
        }
        try:
            text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        except ValueError:
            raise NotTaken(NO_NUMBER) from None
        body = text.encode(errors="replace")
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": hashlib.sha256(body).hexdigest(),
        }
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token()}"
        if self._secret is not None:
            headers["X-Icestream-Timestamp"] = stamp = str(int(time.time()))
            headers["X-Icestream-Signature"] = signature_of(self._secret(), stamp, body)
        asked = self._connected().ask("POST", self._url(), content=body, headers=headers)
        answer = read_answer(asked)
        said = answer.get("refused") if isinstance(answer, dict) else None
        refused = (
            {str(one): str(why) for one, why in said.items()} if isinstance(said, dict) else {}
        )
        ids = [parcel.id for parcel in shipment.parcels]
        return Received(
            {one: "" for one in ids if one not in refused},
            {one: why for one, why in refused.items() if one in ids},
        )

    def close(self) -> None:
        """Give up the connection."""
        if self._asked is not None:
            self._asked.close()
        self._asked = None

    def _connected(self) -> SinkServer:
        if self._asked is None:
            self._asked = SinkServer(self._certificates)
        return self._asked
