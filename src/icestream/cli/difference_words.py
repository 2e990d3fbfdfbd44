"""What a change would cost, as a table."""

from icestream.cli.terminal import print_table
from icestream.engine.record.revisions import Preview, PreviewStep
from icestream.report.difference_words import cost_lines, size_words

__all__ = ["print_costs"]


def print_costs(preview: Preview) -> None:
    """Print what would run, and what that takes."""
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
    print(*cost_lines(preview), sep="\n")


def _seconds(step: PreviewStep, preview: Preview) -> str:
    if step.name in preview.unknown:
        return "unknown"
    return f"{step.each:.0f} each" if step.gathers else f"{step.seconds:.0f}"
