"""A place in a bucket: what is in it, and objects from it and into it, each whole."""

import base64
import contextlib
import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from icestream.channels.receipt import Undelivered
from icestream.facility.duties.duty import Outage
from icestream.facility.objects.address import ObjectAddress
from icestream.facility.objects.etag import ObjectDigest
from icestream.facility.objects.troubles import ObjectTrouble, told
from icestream.facility.transfer.digest import Interrupted
from icestream.settings.objects import EVERY_BUCKET, ObjectStore

__all__ = ["AT_ONCE", "ListedObject", "ObjectBucket", "store_of"]

AT_ONCE = 8
"""Requests that are under way together."""
_SPLIT = 4000
"""Objects from which on a listing is asked for in parts, side by side."""
_PART = 32 << 20
"""Bytes of a part of a large object that is put."""
_PARTS = 9000
"""Parts that an object has at most; the interface takes 10,000."""
_TIMES = "icestream-modified"
"""Where an object says when its file was changed, in nanoseconds."""
_ARCHIVED = ("GLACIER", "DEEP_ARCHIVE")
_CONNECT, _READ = 10.0, 60.0
"""Seconds that a store may take to answer."""


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object as its store lists it."""

    name: str
    """Below the address that was listed."""
    size: int
    modified: float
    """Seconds since the epoch."""
    etag: str
    archived: bool = False
    """It has to be brought out of an archive before it can be read."""


def store_of(bucket: str, stores: Mapping[str, ObjectStore]) -> ObjectStore:
    """What the settings say of a bucket."""
    return stores.get(bucket) or stores.get(EVERY_BUCKET) or ObjectStore()


class ObjectBucket:
    """A place in a bucket, with whoever is let in there.

    Every method raises `Outage` where the store or the bucket is away or refuses, and
    `ObjectTrouble` where one object cannot be had.
    """

    def __init__(self, address: ObjectAddress, store: ObjectStore) -> None:
        self.address = address
        self._client = _client(address, store)

    def below(self, address: ObjectAddress) -> "ObjectBucket":
        """Another place in the same bucket."""
        made = object.__new__(ObjectBucket)
        made.address, made._client = address, self._client
        return made

    def reach(self) -> None:
        """See that the bucket is there, and may be listed."""
        with told(self.address, "list objects"):
            self._client.list_objects_v2(
                Bucket=self.address.bucket, Prefix=self.address.beginning, MaxKeys=1
            )

    # -- listing ------------------------------------------------------------------------

    def listing(
        self, known: Sequence[str] = (), stopped: threading.Event | None = None
    ) -> list[ListedObject]:
        """All objects below the address, in the order of their names.

        Parameters
        ----------
        known
            Names in that order, of an earlier listing: where there are many, parts between some of
            them are asked for side by side, as a store gives a thousand in an answer.
        """
        if len(known) < _SPLIT:
            return list(self._between("", "", stopped))
        marks = [known[len(known) * part // AT_ONCE] for part in range(1, AT_ONCE)]
        bounds = list(zip(["", *marks], [*marks, ""], strict=True))
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="objects") as pool:
            parts = pool.map(lambda one: list(self._between(one[0], one[1], stopped)), bounds)
            return [each for part in parts for each in part]

    def _between(
        self, after: str, until: str, stopped: threading.Event | None
    ) -> Iterator[ListedObject]:
        """Objects behind a name, up to another one."""
        begins = len(self.address.beginning)
        asked: dict[str, Any] = {
            "Bucket": self.address.bucket,
            "Prefix": self.address.beginning,
        }
        if after:
            asked["StartAfter"] = self.address.key(after)
        last = self.address.key(until).encode(errors="surrogatepass") if until else b""
        while True:
            with told(self.address, "list objects"):
                said = self._client.list_objects_v2(**asked)
            for each in said.get("Contents", ()):
                key = each["Key"]
                if last and key.encode(errors="surrogatepass") > last:
                    return
                yield ListedObject(
                    key[begins:],
                    each["Size"],
                    each["LastModified"].timestamp(),
                    each["ETag"].strip('"'),
                    each.get("StorageClass", "") in _ARCHIVED,
                )
            if stopped is not None and stopped.is_set():
                raise Interrupted
            if not said.get("IsTruncated"):
                return
            asked["ContinuationToken"] = said["NextContinuationToken"]

    # -- one object ---------------------------------------------------------------------

    def head(self, name: str, **more: Any) -> Mapping[str, Any] | None:
        """What the store says of an object; None where it is not there."""
        try:
            with told(self.address, "read objects"):
                found: Mapping[str, Any] = self._client.head_object(
                    Bucket=self.address.bucket, Key=self.address.key(name), **more
                )
        except ObjectTrouble:
            return None
        return found

    def look(self, name: str) -> tuple[ListedObject, int | None] | None:
        """An object as it is now, and when its file was changed, where it says so."""
        said = self.head(name)
        if said is None:
            return None
        archived = said.get("StorageClass", "") in _ARCHIVED
        etag = said["ETag"].strip('"')
        modified = said["LastModified"].timestamp()
        found = ListedObject(name, said["ContentLength"], modified, etag, archived)
        times = str(said.get("Metadata", {}).get(_TIMES, ""))
        return found, int(times) if times.isdecimal() else None

    def first_part(self, name: str) -> int:
        """Bytes of the first part of an object that was put in parts; 0 where it is not said."""
        said = self.head(name, PartNumber=1)
        return 0 if said is None else int(said["ContentLength"])

    def read(self, name: str, etag: str, start: int = 0) -> Iterator[bytes]:
        """The bytes of an object from somewhere on, as long as it is that one."""
        asked = {"Range": f"bytes={start}-"} if start else {}
        with told(self.address, "read objects"):
            said = self._client.get_object(
                Bucket=self.address.bucket, Key=self.address.key(name), IfMatch=etag, **asked
            )
            body = said["Body"]
            try:
                yield from body.iter_chunks(1 << 20)
            finally:
                body.close()

    def put(self, path: Path, name: str, stopped: threading.Event | None = None) -> str:
        """Put a file: the object is there when it is whole; its MD5.

        The store refuses what is not what was sent.

        Raises
        ------
        OSError
            If the file cannot be read.
        Interrupted
            If it was told to stop.
        """
        status = path.stat()
        place = {"Bucket": self.address.bucket, "Key": self.address.key(name)}
        times = {_TIMES: str(status.st_mtime_ns)}
        with path.open("rb", buffering=0) as file:
            if status.st_size <= _PART:
                data = file.read(status.st_size + 1) if status.st_size else b""
                while len(data) < status.st_size and (more := file.read(_PART)):
                    data += more
                if len(data) != status.st_size:
                    raise ObjectTrouble("it changed while it was copied")
                with told(self.address, "put objects"):
                    self._client.put_object(
                        **place, Body=data, ContentMD5=_md5(data), Metadata=times
                    )
                return hashlib.md5(data, usedforsecurity=False).hexdigest()
            return self._put_parts(file, place, status.st_size, times, stopped)

    def _put_parts(
        self,
        file: Any,
        place: Mapping[str, str],
        size: int,
        times: Mapping[str, str],
        stopped: threading.Event | None,
    ) -> str:
        part = max(_PART, -(-size // _PARTS))
        digest = ObjectDigest(part)
        with told(self.address, "put objects"):
            upload = self._client.create_multipart_upload(**place, Metadata=times)["UploadId"]
            made: list[dict[str, Any]] = []
            try:
                while digest.size < size:
                    data = _exactly(file, min(part, size - digest.size))
                    digest.update(data)
                    said = self._client.upload_part(
                        **place,
                        UploadId=upload,
                        PartNumber=len(made) + 1,
                        Body=data,
                        ContentMD5=_md5(data),
                    )
                    made.append({"PartNumber": len(made) + 1, "ETag": said["ETag"]})
                    if stopped is not None and stopped.is_set():
                        raise Interrupted
                if file.read(1):
                    raise ObjectTrouble("it changed while it was copied")
                parts = {"Parts": made}
                self._client.complete_multipart_upload(
                    **place, UploadId=upload, MultipartUpload=parts
                )
            except BaseException:
                # What was put of it would be stored, and be paid for, with nobody seeing it.
                with contextlib.suppress(Exception):
                    self._client.abort_multipart_upload(**place, UploadId=upload)
                raise
        return digest.md5

    def copy(self, name: str, other: str) -> None:
        """Let the store copy one of its objects to another name."""
        source = {"Bucket": self.address.bucket, "Key": self.address.key(name)}
        with told(self.address, "copy objects"):
            # In parts, where it is larger than a store copies at once.
            self._client.copy(source, self.address.bucket, self.address.key(other))

    def remove(self, name: str) -> None:
        """Remove an object."""
        with told(self.address, "delete objects"):
            self._client.delete_object(Bucket=self.address.bucket, Key=self.address.key(name))


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _exactly(file: Any, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := file.read(size - len(data))):
        data += more
    if len(data) < size:
        raise ObjectTrouble("it changed while it was copied")
    return data


def _time(said: Any) -> Any:
    """A time as stores write it; botocore tries every format there is, most of its work."""
    try:
        return datetime.fromisoformat(said)
    except (TypeError, ValueError):
        from botocore.utils import parse_timestamp

        return parse_timestamp(said)


def _client(address: ObjectAddress, store: ObjectStore) -> Any:
    try:
        import boto3
        from botocore import UNSIGNED
        from botocore.config import Config
        from botocore.session import Session as CoreSession
    except ImportError:
        raise Outage(
            f"{address}: what speaks to stores of objects is not installed; install it with "
            "pip install 'icestream[objects]'"
        ) from None
    given: dict[str, str] = {}
    named = (("key", "aws_access_key_id"), ("secret", "aws_secret_access_key"),
             ("token", "aws_session_token"))  # fmt: skip
    for name, called in named:
        secret = getattr(store, name)
        try:
            given |= {called: secret.read()} if secret is not None else {}
        except Undelivered as error:
            raise Outage(f"{address}: {name} of its store: {error}") from None
    config = Config(
        connect_timeout=_CONNECT,
        read_timeout=_READ,
        retries={"mode": "standard", "max_attempts": 3},
        max_pool_connections=2 * AT_ONCE,
        # Stores of other makers than Amazon know Content-MD5, and not always its newer checksums.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if store.endpoint and not store.virtual_hosts else "auto"},
        **({"signature_version": UNSIGNED} if store.anonymous else {}),
    )
    with told(address, "connect"):
        core = CoreSession(profile=store.profile or None)
        answers = core.get_component("response_parser_factory")
        answers.set_parser_defaults(timestamp_parser=_time)
        session = boto3.session.Session(botocore_session=core, **given)
        return session.client(
            "s3",
            endpoint_url=store.endpoint or None,
            region_name=store.region or session.region_name or "us-east-1",
            verify=None if store.certificates is None else str(store.certificates),
            config=config,
        )
