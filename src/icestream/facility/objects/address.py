"""Addresses of objects: ``s3://bucket/prefix``, and names in them that can be those of files."""

import re
from dataclasses import dataclass

__all__ = ["BadObjectAddress", "ObjectAddress", "is_object_address", "misnamed", "read_objects"]

_SCHEME = "s3://"
_OTHERS = re.compile(r"(gs|gcs|abfs|abfss|az|swift|azure|https?|ftp|sftp)://", re.IGNORECASE)
_BUCKET = re.compile(r"[A-Za-z0-9][\w.-]{1,254}")
_LONGEST = 255
"""Bytes of a name of a file."""


class BadObjectAddress(ValueError):
    """An address that cannot be one of objects; says what it may be."""


@dataclass(frozen=True, slots=True)
class ObjectAddress:
    """A place in a bucket."""

    bucket: str
    prefix: str
    """Without a slash at its end; empty for all of the bucket."""

    def key(self, name: str) -> str:
        """The key of an object by its name below the prefix."""
        return f"{self.prefix}/{name}" if self.prefix else name

    @property
    def beginning(self) -> str:
        """What keys of all objects below it begin with."""
        return f"{self.prefix}/" if self.prefix else ""

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.prefix}".rstrip("/")


def is_object_address(text: str) -> bool:
    """Whether a text is meant as an address of objects, right or wrong."""
    return text.lower().startswith(_SCHEME) or bool(_OTHERS.match(text))


def read_objects(text: str) -> ObjectAddress:
    """Read ``s3://bucket/prefix``.

    Raises
    ------
    BadObjectAddress
        If it is none.

    >>> read_objects("s3://krios-movies/2026/lea/").prefix
    '2026/lea'
    """
    text = text.strip()
    if found := _OTHERS.match(text):
        raise BadObjectAddress(
            f"{text!r}: buckets of {found[1].lower()} are not read; give s3://bucket/prefix, "
            "with the endpoint by which the store speaks S3 in the settings (objects)"
        )
    if text[: len(_SCHEME)].lower() != _SCHEME:
        raise BadObjectAddress(f"{text!r} is no address of objects; give s3://bucket/prefix")
    bucket, _, prefix = text[len(_SCHEME) :].partition("/")
    if ":" in bucket or "@" in bucket:
        raise BadObjectAddress(
            "the address has keys or a port in it: they are said in the settings (objects), and "
            "the address is s3://bucket/prefix alone"
        )
    if not _BUCKET.fullmatch(bucket):
        raise BadObjectAddress(f"{bucket!r} is no name of a bucket; give s3://bucket/prefix")
    prefix = prefix.rstrip("/")
    if prefix and (wrong := misnamed(prefix)):
        raise BadObjectAddress(f"the prefix {prefix!r} cannot be one: {wrong}")
    return ObjectAddress(bucket, prefix)


def misnamed(name: str) -> str:
    """What keeps an object from being a file of that name; empty when nothing does."""
    parts = name.split("/")
    if ".." in parts or "." in parts:
        return "its name has . or .. in it, and would lead elsewhere"
    if "" in parts:
        return "its name begins with a slash, or has two in a row, and names no file"
    if "\0" in name:
        return "its name has a zero in it"
    if any(len(part.encode(errors="surrogatepass")) > _LONGEST for part in parts):
        return f"a part of its name is longer than {_LONGEST} bytes"
    return ""
