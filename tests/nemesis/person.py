"""A person who decides while the session runs: ``python -m nemesis.person SESSION HISTORY PLAN``.

The plan is a JSON list of ``{"token", "after", "exposure", "request"}``: what is asked when so many
results are there and the exposure is known. Each is asked under its token until it is answered, one
after the other; what the history says was answered is not asked again. So a person who was killed,
or whose disk was away, goes on where they were.
"""

import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from icestream.engine.requests.at_rest import ask
from icestream.engine.requests.models import Request
from icestream.engine.requests.send import answer_of
from icestream.store import queries
from icestream.store.open import open_store
from icestream.store.results import count_results
from nemesis.history import History, of, read_history

__all__ = ["main"]


def _come(folder: Path, decision: dict[str, Any]) -> bool:
    with contextlib.closing(open_store(folder, readonly=True)) as store:
        known = {one.name for one in queries.exposures(store, limit=1000)}
        wanted = decision["exposure"]
        return count_results(store) >= decision["after"] and (not wanted or wanted in known)


def _decide(folder: Path, history: History, decision: dict[str, Any]) -> None:
    token, request = decision["token"], TypeAdapter(Request).validate_python(decision["request"])
    while True:
        try:
            if _come(folder, decision):
                history.note("asked", token=token)
                ask(folder, request, token=token)
                state, answer = answer_of(folder, token, timeout=10.0)
                if state != "new":
                    history.note("answered", token=token, state=state, answer=answer)
                    return
        except Exception as error:  # whatever it is, nobody has said that it is done
            history.note("untold", token=token, why=f"{type(error).__name__}: {error}"[:300])
        time.sleep(0.3)


def main() -> None:
    """Ask for all that the plan has."""
    folder, history = Path(sys.argv[1]), History(Path(sys.argv[2]))
    answered = {line["token"] for line in of(read_history(history.path), "answered")}
    for decision in json.loads(sys.argv[3]):
        if decision["token"] not in answered:
            _decide(folder, history, decision)


if __name__ == "__main__":
    main()
