"""Buckets of a session that runs here: movies come from one, results go into one."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from icestream.engine.graph.workflow import PATTERN, InvalidWorkflow, Step, Workflow
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.models import SetParameters
from icestream.engine.requests.send import send
from icestream.facility.duties.duty import Outage
from icestream.facility.objects.address import is_object_address
from icestream.facility.objects.fetching import Fetch, Fetching
from icestream.facility.objects.putting import (
    PuttingBack,
    put_back_of,
    put_back_words,
    remember_put_back,
)
from icestream.facility.transfer.address import Address, BadAddress, read_address
from icestream.facility.transfer.carry import is_reached
from icestream.facility.transfer.progress import progress
from icestream.facility.transfer.session import ledger_of
from icestream.formats.watch import FolderWatch
from icestream.model import safe_file_name
from icestream.store.open import Store

__all__ = ["Buckets", "bucket_lines", "from_bucket"]

_ORIGIN = "--origin"
_VALUED = ("--put-back", "--publish", "--import.origin", _ORIGIN)
_SIGNS = "*?["
_LAST = 300.0
"""Seconds in which what came last is put back, when the session has ended."""


def from_bucket(tokens: Sequence[str], out: str | None, fetch_to: str | None) -> tuple[str, ...]:
    """The words of a command line with a folder of this machine in the place of a bucket.

    ``s3://bucket/prefix/**/*.tiff --out S`` is ``S-movies/**/*.tiff --origin s3://bucket/prefix
    --out S``.

    Parameters
    ----------
    out
        The session's folder.
    fetch_to
        The folder that objects are brought into; beside the session by default.
    """
    for index, (last, token) in enumerate(zip(("", *tokens), tokens, strict=False)):
        if not is_object_address(token) or last in _VALUED or out is None:
            continue
        scheme, _, rest = token.rstrip("/").partition("://")
        parts = rest.split("/")
        end = next((n for n, part in enumerate(parts) if n and set(part) & set(_SIGNS)), len(parts))
        begins, below = f"{scheme}://{'/'.join(parts[:end])}", parts[end:]
        folder = Path(fetch_to).absolute() if fetch_to else Path(f"{Path(out).absolute()}-movies")
        local = "/".join((str(folder), *below))
        return (*tokens[:index], local, *tokens[index + 1 :], _ORIGIN, begins)
    return tuple(tokens)


@dataclass(frozen=True, slots=True)
class _Brought:
    """A step whose movies come from a bucket."""

    step: str
    fetch: Fetch
    ends: bool
    """Whether the step ends with what is in the bucket now."""


class Buckets:
    """What buckets have to do with a session that is to run here.

    Parameters
    ----------
    session
        Its folder.
    workflow
        What it runs.
    put_back
        Where results go, as it was given.

    Raises
    ------
    InvalidWorkflow
        If an address is none.
    """

    def __init__(self, session: Path, workflow: Workflow, put_back: str | None) -> None:
        self._session = session
        problems: list[str] = []
        self._brought: list[_Brought] = []
        for step in workflow.steps:
            try:
                self._brought += _brought(session, step)
            except BadAddress as error:
                problems.append(f"step {step.name!r}: origin: {error}")
        self._place: Address | None = None
        try:
            self._place = put_back_of(session, put_back)
        except BadAddress as error:
            problems.append(f"--put-back: {error}")
        if problems:
            raise InvalidWorkflow(workflow.name, problems)
        self.workflow = self._watching(workflow)
        """The workflow with steps that wait until all that is in their bucket has come."""

    def _watching(self, workflow: Workflow) -> Workflow:
        steps = {one.step for one in self._brought}
        return replace(
            workflow,
            steps=tuple(
                replace(step, parameters={**step.parameters, "watch": True})
                if step.name in steps
                else step
                for step in workflow.steps
            ),
        )

    def reached(self) -> Workflow:
        """The workflow, when the buckets of a new session were seen to be there.

        Raises
        ------
        InvalidWorkflow
            If one is not; says why.
        """
        problems = []
        for address in [*(one.fetch.origin for one in self._brought), self._place]:
            try:
                if address is not None:
                    is_reached(address)
            except Outage as error:
                problems.append(str(error))
        if problems:
            raise InvalidWorkflow(self.workflow.name, problems)
        return self.workflow

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Bring movies and put results back while a session runs, which this process has."""
        putting = None
        remember_put_back(self._session, self._place)
        if self._place is not None:
            putting = PuttingBack(self._session, self._place, _say)
            putting.start()
        fetching = [
            Fetching(one.fetch, _say, partial(self._end, one.step) if one.ends else None)
            for one in self._brought
        ]
        for each in fetching:
            each.start()
        try:
            yield
        finally:
            for each in fetching:
                each.stop()
            if putting is not None and not putting.finish(_LAST):
                _say(
                    f"not all results are in {self._place}; the same command puts back what is left"
                )

    def _end(self, step: str) -> None:
        """Let a step end with what is in its folder: all that was in its bucket is."""
        why = "all that was in the bucket is here"
        changes: dict[str, JsonValue] = {"watch": False}
        send(self._session, SetParameters(step=step, changes=changes, who="icestream", why=why))


def _brought(session: Path, step: Step) -> Iterator[_Brought]:
    values: dict[str, Any] = dict(step.parameters)
    origin, pattern = str(values.get("origin") or ""), str(values.get(PATTERN) or "")
    if not origin or not pattern:
        return
    address = read_address(origin)
    if address.objects is None:
        raise BadAddress(f"{origin!r} is no place in a bucket; give s3://bucket/prefix")
    if step.within is not None:
        # It would be read with the keys of this machine, and written wherever the pattern says.
        raise BadAddress("a bucket is named by who has this machine's command line, not from afar")
    folder = FolderWatch(pattern).root
    fetch = Fetch(
        session=session,
        origin=address,
        folder=folder,
        exclude=tuple(values.get("exclude") or ()),
        patience=float(values.get("patience") or 300.0),
    )
    yield _Brought(step.name, fetch, ends=not values.get("watch"))


def bucket_lines(store: Store) -> Iterator[str]:
    """Where a session's movies come from and its results go to, and how far that is."""
    folder = store.folder
    for step in session_workflow(store).steps:
        if not step.parameters.get("origin"):
            continue
        line = f"movies come from {step.parameters['origin']}, by {step.parameters.get(PATTERN)}"
        found = progress(ledger_of(folder))
        if found is not None:
            line += f": {found.files - found.left_files} of {found.files} objects are here"
            line += f"; {found.outage}" if found.outage else ""
            waiting = [
                f"{one.example}: {one.why}" for one in found.waiting if one.state == "failed"
            ]
            line += f"; {waiting[0]}" if waiting else ""
            odd = list(found.unreadable.items())
            line += f"; {len(odd)} left out, such as {odd[0][0]!r}: {odd[0][1]}" if odd else ""
        yield line
    place = put_back_of(folder, None)
    if place is not None:
        said = put_back_words(folder)
        yield f"results go back to {place}/{safe_file_name(folder.name)}{said and f': {said}'}"


def _say(sentence: str) -> None:
    with suppress(OSError):
        print(f"icestream: {sentence}", file=sys.stderr, flush=True)
