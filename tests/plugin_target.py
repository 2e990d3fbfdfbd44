"""A session whose movies MotionCor3 aligns, for tests that kill it: MOVIES SESSION."""

import json
import sys

import structlog

from icestream.engine.graph.workflow import Workflow
from icestream.engine.session import Machine, run_session


def workflow(movies: str) -> Workflow:
    """Movies that are there, aligned."""
    given = {"pattern": movies, "pixel_size": 1.1, "voltage": 300.0}
    steps = [
        {"name": "import", "protocol": "movies.import", "parameters": given},
        {"name": "align", "protocol": "movies.motioncor3", "inputs": {"movie": "import"}},
    ]
    return Workflow.from_document({"name": "aligned", "steps": steps})


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    machine = Machine(cores=2, gpus=(0,))
    outcome = run_session(sys.argv[2], workflow(sys.argv[1]), machine=machine)
    print(json.dumps(outcome.exposures))
    sys.exit(0 if outcome.complete else 3)
