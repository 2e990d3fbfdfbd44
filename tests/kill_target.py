"""A coordinator in a process of its own, for tests that kill it: FOLDER COUNT|STEPS [CLUSTER]."""

import json
import sys

import structlog
from pydantic import TypeAdapter

import toys
from icestream.engine.executors.cluster.kinds import Cluster
from icestream.engine.graph.workflow import Workflow
from icestream.engine.session import Machine, run_session


def steps(count: int) -> tuple[tuple[str, str, dict[str, object], dict[str, object]], ...]:
    """Numbers are written into files; some go through a program."""
    return (
        ("src", "toy.count", {"count": count}, {}),
        ("a", "toy.add", {"write": True}, {"number": "src"}),
        ("sel", "toy.select", {"below": 60}, {"number": "a"}),
        ("p", "toy.echo", {}, {"number": "sel.number"}),
        ("total", "toy.total", {"full": 100}, {"number": "a"}),
    )


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    given = json.loads(sys.argv[2])
    chosen = steps(given) if isinstance(given, int) else [tuple(step) for step in given]
    made = Workflow.from_document(toys.workflow(*chosen))
    outcome = run_session(
        sys.argv[1],
        made,
        registry=toys.registry(),
        machine=Machine(cores=2),
        order="oldest",
        cluster=TypeAdapter(Cluster).validate_json(sys.argv[3]) if sys.argv[3:] else None,
    )
    sys.exit(0 if outcome.complete else 3)
