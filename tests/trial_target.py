"""A coordinator in a process of its own that goes on with a session, for tests that kill it."""

import contextlib
import sys

import structlog

import toys
from icestream.engine.record.workflows import session_workflow
from icestream.engine.session import Machine, run_session
from icestream.store.open import open_store

if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with contextlib.closing(open_store(sys.argv[1], readonly=True)) as store:
        workflow = session_workflow(store)
    run_session(sys.argv[1], workflow, registry=toys.registry(), machine=Machine(cores=2))
