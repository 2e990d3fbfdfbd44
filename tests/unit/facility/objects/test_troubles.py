"""What a store answers, in words: said by a server that answers so."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from icestream.channels.secret import Secret
from icestream.facility.duties.duty import Outage
from icestream.facility.objects.address import read_objects
from icestream.facility.objects.bucket import ObjectBucket
from icestream.facility.objects.troubles import ObjectTrouble, is_refused
from icestream.settings.objects import ObjectStore


@contextmanager
def answering(status: int, code: str) -> Iterator[ObjectStore]:
    """A store that answers everything with an error."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"<Error><Code>{code}</Code><Message>it is so</Message></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    secret = Secret.model_validate("x")
    try:
        yield ObjectStore(
            endpoint=f"http://127.0.0.1:{server.server_port}", region="a", key=secret, secret=secret
        )
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "says", "refused"),
    [
        (403, "AccessDenied", "the keys may not list objects", True),
        (403, "InvalidAccessKeyId", "does not know the access key", True),
        (403, "SignatureDoesNotMatch", "the secret key is not that", True),
        (400, "ExpiredToken", "the keys have expired", True),
        (403, "RequestTimeTooSkewed", "set the clock", False),
        (404, "NoSuchBucket", "there is no bucket of that name", False),
        (400, "AuthorizationHeaderMalformed", "in another region", False),
        (400, "Riddle", r"it would not list objects: Riddle \(it is so\)", False),
    ],
)
def test_each_refusal_says_what_to_do(status: int, code: str, says: str, refused: bool) -> None:
    with answering(status, code) as store:
        bucket = ObjectBucket(read_objects("s3://movies/x"), store)
        with pytest.raises(Outage, match=rf"s3://movies/x: .*{says}") as raised:
            bucket.listing()
    assert is_refused(raised.value) is refused


def test_what_is_wrong_with_one_object_is_no_outage() -> None:
    with answering(404, "NoSuchKey") as store:
        bucket = ObjectBucket(read_objects("s3://movies/x"), store)
        with pytest.raises(ObjectTrouble, match="went away"):
            list(bucket.read("a", "etag"))
    with answering(403, "InvalidObjectState") as store:
        bucket = ObjectBucket(read_objects("s3://movies/x"), store)
        with pytest.raises(ObjectTrouble, match="archive"):
            list(bucket.read("a", "etag"))


def test_without_keys_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with answering(403, "AccessDenied") as store:
        place = read_objects("s3://movies/x")
        bucket = ObjectBucket(place, ObjectStore(endpoint=store.endpoint))
        with pytest.raises(Outage, match="no keys are known"):
            bucket.reach()
        with pytest.raises(Outage, match="no such profile"):
            ObjectBucket(place, ObjectStore(endpoint=store.endpoint, profile="lea"))
        with pytest.raises(Outage, match="may not list"):
            ObjectBucket(place, ObjectStore(endpoint=store.endpoint, anonymous=True)).reach()


def test_no_secret_is_in_what_is_said() -> None:
    with answering(403, "SignatureDoesNotMatch") as store:
        hidden = store.model_copy(update={"secret": Secret.model_validate("s3cret-of-mine")})
        bucket = ObjectBucket(read_objects("s3://movies/x"), hidden)
        with pytest.raises(Outage) as raised:
            bucket.listing()
    assert "s3cret-of-mine" not in str(raised.value) + repr(hidden)
