"""Whether bytes are those of an object."""

import base64
import hashlib
import threading
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icestream.facility.objects.etag import (
    ObjectDigest,
    blocks,
    checksum_says,
    is_encrypted,
    parts_of,
)
from icestream.facility.transfer.digest import Interrupted


def md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


@given(st.binary(min_size=1, max_size=200), st.integers(1, 60), st.integers(1, 50))
def test_parts_give_the_etag_that_stores_give(data: bytes, part: int, step: int) -> None:
    digest = ObjectDigest(part)
    for start in range(0, len(data), step):
        digest.update(data[start : start + step])
    parts = [md5(data[start : start + part]) for start in range(0, len(data), part)]
    assert digest.etag == f"{md5(b''.join(parts)).hex()}-{len(parts)}"
    assert parts_of(digest.etag) == len(parts)
    assert (digest.md5, digest.size) == (md5(data).hex(), len(data))


def test_an_object_that_was_put_at_once_has_its_md5() -> None:
    digest = ObjectDigest()
    digest.update(b"x")
    assert digest.etag == digest.md5 == md5(b"x").hex()
    assert parts_of(digest.etag) == 0


def test_other_checksums_decide_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    sha = base64.b64encode(hashlib.sha256(b"abc").digest()).decode()
    crc = base64.b64encode(zlib.crc32(b"abc").to_bytes(4, "big")).decode()
    assert checksum_says(path, {"ChecksumSHA256": sha}) is True
    assert checksum_says(path, {"ChecksumCRC32": crc, "ChecksumType": "FULL_OBJECT"}) is True
    assert checksum_says(path, {"ChecksumCRC32": "AAAAAA=="}) is False
    assert checksum_says(path, {"ChecksumCRC32": crc, "ChecksumType": "COMPOSITE"}) is None
    assert checksum_says(path, {"ChecksumSHA256": f"{sha}-2"}) is None
    assert checksum_says(path, {}) is None


def test_encryption_with_keys_of_users_is_known() -> None:
    assert is_encrypted({"ServerSideEncryption": "aws:kms"})
    assert is_encrypted({"SSECustomerAlgorithm": "AES256"})
    assert not is_encrypted({"ServerSideEncryption": "AES256"})


def test_reading_ends_when_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    stopped = threading.Event()
    assert list(blocks(tmp_path / "a", stopped)) == [b"x"]
    stopped.set()
    with pytest.raises(Interrupted):
        list(blocks(tmp_path / "a", stopped))
