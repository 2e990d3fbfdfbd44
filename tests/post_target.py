"""A coordinator in a process of its own that sends alerts, for tests that kill it.

FOLDER CHANNELS: the channels as JSON.
"""

import json
import sys
from typing import Any

import structlog
from pydantic import TypeAdapter

import toys
from icestream.channels.kinds import Channel, Channels
from icestream.engine.graph.workflow import Workflow
from icestream.engine.session import Machine, run_session

STEPS: tuple[Any, ...] = (
    ("src", "toy.count", {"count": 5}, {}),
    ("a", "toy.add", {"add": 1}, {"number": "src"}),
    ("watch", "toy.watch", {"below": 3}, {"number": "a"}),
)


def channels(**each: dict[str, Any]) -> Channels:
    """Channels that gather nothing."""
    read = TypeAdapter[Any](Channel).validate_python
    return Channels({name: read({"gather": 0, **how}) for name, how in each.items()}, "a test")


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    made = Workflow.from_document(toys.workflow(*STEPS))
    run_session(
        sys.argv[1],
        made,
        registry=toys.registry(),
        machine=Machine(cores=1),
        channels=channels(**json.loads(sys.argv[2])),
    )
