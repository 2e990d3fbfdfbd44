"""`icestream history`: what was decided in a session, by whom, when and why."""

import dataclasses
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.terminal import print_json, print_table
from icestream.store.chosen import chosen_exposures
from icestream.store.history import decided_words, history
from icestream.store.open import open_store
from icestream.store.records import HistoryRecord

__all__ = ["history_of", "who_words"]


def history_of(
    session: Path,
    /,
    *,
    step: str | None = None,
    exposure: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """List what was decided in a session, the newest last: who, when, what and why.

    Parameters
    ----------
    session
        The session's folder.
    step
        Only what was decided about this step.
    exposure
        Only what was decided about this exposure: its number, its name, or a part of it.
    json
        For programs.
    """
    with closing(open_store(session, readonly=True)) as store:
        records = history(store)
        if exposure is not None:
            names = set(chosen_exposures(store, [exposure]))
            records = tuple(one for one in records if names & _exposures(one))
        if step is not None:
            records = tuple(one for one in records if one.document.get("step") == step)
    if json:
        print_json([dataclasses.asdict(record) for record in records])
        return
    if not records:
        print("nobody has decided anything")
        return
    print_table(
        ("when", "who", "what", "why"),
        [
            (
                time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.time)),
                who_words(record),
                decided_words(record),
                record.why,
            )
            for record in records
        ],
    )


def _exposures(record: HistoryRecord) -> set[str]:
    """Names of the exposures that a decision is about."""
    one = record.document.get("exposure")
    return set(record.document.get("exposures", ())) | ({one} if one else set())


def who_words(record: HistoryRecord) -> str:
    """Who decided something, as people read it."""
    if not record.who:
        return "whoever ran it"
    return f"{record.who} (by itself)" if record.by_session else record.who
