"""How every result of a session was made: its workflow, and the lineage of each result."""

import json
from dataclasses import asdict
from math import inf
from pathlib import Path

import icestream
from icestream.engine.graph.workflow import save_workflow
from icestream.engine.record.set_by_people import standing_workflow, workflow_set_by_people
from icestream.engine.record.workflows import session_workflow
from icestream.store import queries
from icestream.store.current import FIRST_BRANCH, as_standing
from icestream.store.lineage import lineages
from icestream.store.open import Store, open_store
from icestream.store.records import StandingRecord
from icestream.whole import written_whole

__all__ = ["export_provenance", "write_provenance"]

PAGE = 500


def export_provenance(session: Path, out: Path, branch: str | None = None) -> None:
    """Write the provenance of the session in the folder `session` into the folder `out`.

    The workflows are those of a `branch`, by default of the adopted one; LookupError says which
    branches there are. ``lineage.jsonl`` has the results of all.

    ``workflow.json`` is what people set, and runs again elsewhere with ``icestream run``.
    ``workflow-as-run.json`` has what the session taught itself, too. The first line of
    ``lineage.jsonl`` says who ran the session, when and with which software (each an epoch); then
    comes one line per result, with its epoch, the protocol's version, all parameters, the results
    it was made from, its files and where it ran. The first line names the branch where one was
    asked for, or where the adopted one is not ``main``.
    """
    store = open_store(session, readonly=True)
    try:
        standing = None if branch is None else as_standing(store, branch)
        write_provenance(store, out, standing)
    finally:
        store.close()


def write_provenance(store: Store, out: Path, standing: StandingRecord | None = None) -> None:
    """Write ``workflow.json``, ``workflow-as-run.json`` and ``lineage.jsonl`` into `out`.

    Of results that stand from before a change, the workflows are those that made them.
    """
    out.mkdir(parents=True, exist_ok=True)
    run = session_workflow(store) if standing is None else standing_workflow(store, standing)
    save_workflow(workflow_set_by_people(store, standing=standing), out / "workflow.json")
    save_workflow(run, out / "workflow-as-run.json")
    with (
        written_whole(out / "lineage.jsonl") as unfinished,
        unfinished.open("w", encoding="utf-8") as file,
    ):
        session = queries.session(store)
        about = {
            "icestream": icestream.__version__,
            "session": session.name,
            "uid": session.uid,
            **_of_branch(session.branch, standing),
            "epochs": [asdict(epoch) for epoch in queries.epochs(store)],
        }
        file.write(json.dumps(about) + "\n")
        after = 0
        while page := lineages(store, after=after, limit=PAGE):
            for record in page:
                file.write(json.dumps(asdict(record), ensure_ascii=False) + "\n")
            after = page[-1].id


def _of_branch(adopted: str, standing: StandingRecord | None) -> dict[str, str]:
    """The branch whose workflows these are, where it was asked for or is another than the first."""
    called = adopted if standing is None else standing.branch
    asked = standing is not None and standing.until == inf
    return {"branch": called} if asked or called not in ("", FIRST_BRANCH) else {}
