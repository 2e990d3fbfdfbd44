"""Repositories of workflows: a folder, or the same folder behind a web server.

A repository is a file ``index.json`` and a workflow file for each of its entries, ``NAME.json``.
Whatever they hold is taken for what a stranger wrote: sizes and times are limited, a file has to be
the one that the index says by its hash, and names are names, never paths.
"""

import asyncio
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from icestream.documents import read_json
from icestream.engine.graph.document import VERSION
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow, near
from icestream.whole import written_whole

__all__ = [
    "INDEX",
    "Repository",
    "RepositoryError",
    "SharedWorkflow",
    "fetch",
    "open_repository",
    "publish",
]

INDEX = "index.json"
_MOST_INDEX = 2_000_000
_MOST_WORKFLOW = 1_000_000
"""Bytes."""
_PATIENCE = 30.0
"""Seconds for a file, however slowly it drips."""
_NAME = r"^[a-z0-9][a-z0-9_-]{0,60}$"
_STRICT = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)


class RepositoryError(OSError):
    """A repository that cannot be read or written; the message says what was found and where."""


class SharedWorkflow(BaseModel):
    """One workflow of a repository."""

    model_config = _STRICT

    name: str = Field(pattern=_NAME)
    """By which it is fetched; its file is called so, with .json."""
    about: str = Field(default="", max_length=2000)
    steps: int = Field(ge=0)
    release: int = Field(ge=1)
    """Raised whenever another file was published under the name."""
    form: int = Field(ge=1)
    """Version of the form of the workflow file."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=1, le=_MOST_WORKFLOW)


class _Index(BaseModel):
    model_config = _STRICT

    version: Literal[1] = 1
    workflows: list[SharedWorkflow] = Field(max_length=5000)


@dataclass(frozen=True, slots=True)
class Repository:
    """What a repository has."""

    place: str
    """Folder, or URL without a slash at its end."""
    entries: tuple[SharedWorkflow, ...]


def open_repository(place: str) -> Repository:
    """Read the index of a repository.

    Parameters
    ----------
    place
        A folder, or an address beginning with http:// or https://.

    Raises
    ------
    RepositoryError
        If there is none, or its index is not what it should be.
    """
    place = place.removesuffix(f"/{INDEX}").rstrip("/") or "/"
    try:
        index = _Index.model_validate_json(_read(place, INDEX, _MOST_INDEX))
    except ValidationError as error:
        newer = _newer(error)
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "it"
        said = newer or f"its {INDEX} is not what it should be: {where}: {first['msg']}"
        raise RepositoryError(f"the repository {place} cannot be read: {said}") from None
    names = [entry.name for entry in index.workflows]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise RepositoryError(f"the repository {place} names {', '.join(sorted(twice))} twice")
    return Repository(place, tuple(index.workflows))


def fetch(repository: Repository, name: str) -> Workflow:
    """A workflow of a repository, which is the one that its index says.

    Raises
    ------
    LookupError
        If it has none of that name.
    RepositoryError
        If its file is not there, or another one than the index says.
    InvalidWorkflow
        If the file is no workflow that can be read here.
    """
    entry = next((one for one in repository.entries if one.name == name), None)
    if entry is None:
        known = [one.name for one in repository.entries]
        raise LookupError(f"no workflow {name!r} in {repository.place};{near(name, known)}")
    if entry.form > VERSION:
        raise RepositoryError(
            f"{name} of {repository.place} is a workflow file of version {entry.form}, and this "
            f"icestream reads versions up to {VERSION}: upgrade it (pip install --upgrade "
            "icestream)"
        )
    text = _read(repository.place, f"{name}.json", entry.bytes)
    found = hashlib.sha256(text).hexdigest()
    if found != entry.sha256:
        raise RepositoryError(
            f"{name}.json of {repository.place} is not the file that its index says (SHA-256 "
            f"{found[:12]}…, not {entry.sha256[:12]}…): it was changed, or cut short; it is not "
            "used"
        )
    try:
        document = read_json(text)
    except ValueError as error:
        raise InvalidWorkflow(name, [f"is not JSON: {error}"]) from None
    return Workflow.from_document(document, called=name)


def publish(folder: Path, name: str, workflow: Workflow) -> SharedWorkflow:
    """Put a workflow into a repository's folder, which is made where it is not there.

    One of the same name is replaced, and its release raised when it is another one.

    Raises
    ------
    RepositoryError
        If the name is none, the file would be too large, or the index there cannot be read.
    """
    if not re.fullmatch(_NAME, name):
        raise RepositoryError(f"{name!r} is no name for it: small letters, digits, - and _")
    text = json.dumps(workflow.to_document(), indent=2, ensure_ascii=False).encode() + b"\n"
    if len(text) > _MOST_WORKFLOW:
        raise RepositoryError(f"{name} has {len(text)} bytes, and {_MOST_WORKFLOW} are the most")
    there = open_repository(str(folder)).entries if (folder / INDEX).exists() else ()
    before = next((entry for entry in there if entry.name == name), None)
    digest = hashlib.sha256(text).hexdigest()
    same = before is not None and before.sha256 == digest
    release = 1 if before is None else before.release + int(not same)
    entry = SharedWorkflow(
        name=name,
        about=workflow.about[:2000],
        steps=len(workflow.steps),
        release=release,
        form=VERSION,
        sha256=digest,
        bytes=len(text),
    )
    entries = sorted((*(one for one in there if one.name != name), entry), key=lambda one: one.name)
    index = {"version": 1, "workflows": [one.model_dump() for one in entries]}
    folder.mkdir(parents=True, exist_ok=True)
    # The file first: an index never names what is not there yet.
    _write(folder / f"{name}.json", text)
    _write(folder / INDEX, json.dumps(index, indent=2, ensure_ascii=False).encode() + b"\n")
    return entry


def _write(path: Path, text: bytes) -> None:
    with written_whole(path) as unfinished:
        unfinished.write_bytes(text)


def _read(place: str, file: str, most: int) -> bytes:
    """A file of a repository, of `most` bytes at most."""
    if "://" in place:
        return _over_http(f"{place}/{file}", most)
    path = Path(place) / file
    if not path.is_file():
        raise RepositoryError(f"there is no file {path}; is that the folder of a repository?")
    with path.open("rb") as opened:
        text = opened.read(most + 1)
    if len(text) > most:
        raise _too_large(str(path), most)
    return text


def _too_large(where: str, most: int) -> RepositoryError:
    return RepositoryError(f"{where} has more than {most} bytes; it is not read")


def _over_http(address: str, most: int) -> bytes:
    import httpx2  # takes long to load, and folders need none of it

    if not address.startswith(("http://", "https://")):
        raise RepositoryError(f"{address}: a repository is a folder, or begins with http(s)://")

    async def got() -> bytes:
        # Of all of it, the headers too: what drips is never late by the time between two bytes.
        async with (
            asyncio.timeout(_PATIENCE),
            httpx2.AsyncClient(timeout=_PATIENCE) as client,
            client.stream("GET", address, follow_redirects=False) as answer,
        ):
            if answer.status_code != 200:
                leads = answer.headers.get("location")
                hint = f"; it leads to {leads}: give that address" if leads else ""
                raise RepositoryError(f"{address} answers {answer.status_code}{hint}")
            text = bytearray()
            async for chunk in answer.aiter_bytes():
                text += chunk
                if len(text) > most:
                    raise _too_large(address, most)
            return bytes(text)

    try:
        return asyncio.run(got())
    except TimeoutError:
        raise RepositoryError(f"{address} takes longer than {_PATIENCE:g} s") from None
    except httpx2.HTTPError as error:
        raise RepositoryError(
            f"{address} cannot be read: {error or type(error).__name__}"
        ) from None


def _newer(error: ValidationError) -> str:
    given: Any = next((one["input"] for one in error.errors() if one["loc"] == ("version",)), None)
    if isinstance(given, int) and given > 1:
        return (
            f"its index is of version {given}, and this icestream reads version 1: upgrade it "
            "(pip install --upgrade icestream)"
        )
    return ""
