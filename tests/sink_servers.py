"""Servers that take results, played: one of a site, and a catalogue as SciCat answers."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

REQUIRED = ("ownerGroup", "contactEmail", "sourceFolder", "creationTime", "datasetName", "type")
"""Without which SciCat makes no data set (CreateDatasetDto, version 4 of its API)."""
KNOWN = frozenset({
    *REQUIRED, "accessGroups", "instrumentGroup", "owner", "ownerEmail", "creationLocation",
    "startTime", "endTime", "keywords", "description", "isPublished", "principalInvestigators",
    "proposalIds", "sampleIds", "instrumentIds", "dataFormat", "scientificMetadata",
    "inputDatasets", "usedSoftware", "jobParameters", "comment", "size", "numberOfFiles", "pid",
})  # fmt: skip


class Taker:
    """Takes shipments as a careful server does: a key that it knows is not taken twice."""

    def __init__(self) -> None:
        self.shipments: dict[str, dict[str, Any]] = {}
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.there: dict[str, str] = {}
        """Version of each parcel, by its id."""
        self.doubled: list[str] = []
        """Parcels that came twice in the same version, under keys that were not known."""
        self.answers: list[tuple[int, dict[str, str], str]] = []
        """What is answered instead, one after another: status, headers, text."""
        self.refuses: dict[str, str] = {}
        self.chokes = ""

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Any, Any]:
        if method == "OPTIONS":
            return 405, {}, ""
        self.headers.append({name.lower(): value for name, value in headers.items()})
        self.bodies.append(body)
        if self.answers:
            return self.answers.pop(0)
        document = json.loads(body)
        if self.chokes and any(one["id"] == self.chokes for one in document["parcels"]):
            return 422, {}, f"no {self.chokes} here"
        key = headers["Idempotency-Key"]
        if key not in self.shipments:
            self.shipments[key] = document
            for one in document["parcels"]:
                if self.there.get(one["id"]) == one["version"]:
                    self.doubled.append(one["id"])
                if one["id"] not in self.refuses:
                    self.there[one["id"]] = one["version"]
        return 200, {}, {"refused": self.refuses}


class Catalogue:
    """A SciCat as far as data sets go."""

    def __init__(self) -> None:
        self.sets: dict[str, dict[str, Any]] = {}
        self.token = "t1"
        self.logins = 0
        self.groups: set[str] | None = None
        """Groups whose data sets may be made; None: any."""

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Any, Any]:
        parts = urlsplit(path)
        if parts.path == "/api/v3/auth/login":
            said = json.loads(body)
            self.logins += 1
            if said != {"username": "ingestor", "password": "pw"}:
                return 401, {}, {"message": "Unauthorized"}
            return 201, {}, {"access_token": self.token, "id": self.token, "expires_in": 3600}
        if headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {}, {"message": "Unauthorized"}
        assert parts.path.startswith("/api/v4/datasets")
        pid = unquote(parts.path.removeprefix("/api/v4/datasets").lstrip("/"))
        if method == "GET":
            where = json.loads(parse_qs(parts.query)["filter"][0])["where"]
            return 200, {}, [one for one in self.sets.values()
                             if where["keywords"] in one["keywords"]]  # fmt: skip
        return self._change(method, pid, json.loads(body))

    def _change(self, method: str, pid: str, document: dict[str, Any]) -> tuple[int, Any, Any]:
        assert set(document) <= KNOWN, set(document) - KNOWN
        if self.groups is not None and document.get("ownerGroup", "p7") not in self.groups:
            return 403, {}, {"message": "Unauthorized to create this dataset"}
        if method == "POST":
            missing = [name for name in REQUIRED if not document.get(name)]
            if missing:
                return 400, {}, {"message": [f"{name} should not be empty" for name in missing]}
            pid = f"20.500.1/{len(self.sets)}"
            self.sets[pid] = document | {"pid": pid}
            return 201, {}, self.sets[pid]
        assert method == "PATCH"
        if pid not in self.sets:
            return 404, {}, {"message": "Dataset not found"}
        self.sets[pid] |= document
        return 200, {}, self.sets[pid]


@contextmanager
def serving(player: Any) -> Iterator[str]:
    """Serve what `player` answers on loopback; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, said = player.answer(self.command, self.path, self.headers, body)
            text = said if isinstance(said, str) else json.dumps(said)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PATCH = do_OPTIONS = _do  # noqa: N815 - names of the library

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
