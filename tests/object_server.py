"""A store of objects that speaks S3, on loopback: moto's, whose buckets outlive an outage."""

import functools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.backends import get_backend
from moto.server import ThreadedMotoServer

from rsync_server import free_port

SETTINGS = """
[objects."*"]
endpoint = "{url}"
region = "us-east-1"
key = "testing"
secret = {{ file = "{secret}" }}
"""


@dataclass
class ObjectServer:
    """The store, which may be away for a while."""

    port: int = field(default_factory=free_port)
    _server: ThreadedMotoServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_up(self) -> bool:
        return self._server is not None

    def start(self) -> None:
        # It keeps what it has in this process: what was put is there when it is back.
        self._server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    @functools.cached_property
    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def put(self, bucket: str, **objects: bytes) -> None:
        for name, data in objects.items():
            self.client.put_object(Bucket=bucket, Key=name, Body=data)

    def names(self, bucket: str) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [each["Key"] for page in pages for each in page.get("Contents", ())]


@contextmanager
def object_server() -> Iterator[ObjectServer]:
    """A store with the buckets ``movies`` and ``results``, both empty."""
    server = _running()
    for account in get_backend("s3").values():
        for backend in account.values():
            backend.reset()
    for name in ("movies", "results"):
        server.client.create_bucket(Bucket=name)
    yield server


@functools.cache
def _server() -> ObjectServer:
    """One for all tests of a process, which ends with it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    return ObjectServer()


def _running() -> ObjectServer:
    server = _server()
    if not server.is_up:
        server.start()
    return server


@pytest.fixture
def objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectServer]:
    """A store, with settings that lead to it."""
    with object_server() as server:
        secret = tmp_path / "objects.secret"
        secret.write_text("testing\n")
        settings = tmp_path / "settings.toml"
        settings.write_text(SETTINGS.format(url=server.url, secret=secret))
        monkeypatch.setenv("ICESTREAM_SETTINGS", str(settings))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
        yield server
