"""What a change would cost, as a table."""

import time

from icestream.cli.terminal import print_table
from icestream.engine.record.awaited import awaited
from icestream.engine.record.revisions import Preview, PreviewStep
from icestream.report.difference_words import cost_lines, size_words
from icestream.store.open import Store

__all__ = ["print_costs"]


def print_costs(store: Store, preview: Preview) -> None:
    """Print what would run in a session, what that takes, and when it would be done."""
    shown = [step for step in preview.steps if step.tasks or step.kept or step.gathers]
    if shown:
        print_table(
            ("step", "tasks to run", "results kept", "core seconds", "on disk"),
            [
                (
                    step.name,
                    "some" if step.gathers else str(step.tasks),
                    str(step.kept),
                    _seconds(step, preview),
                    size_words(step.bytes) if step.bytes else "",
                )
                for step in shown
            ],
        )
    now = time.time()
    print(*cost_lines(preview, awaited(store, preview, now), now), sep="\n")


def _seconds(step: PreviewStep, preview: Preview) -> str:
    if step.name in preview.unknown:
        return "unknown"
    return f"{step.each:.0f} each" if step.gathers else f"{step.seconds:.0f}"
