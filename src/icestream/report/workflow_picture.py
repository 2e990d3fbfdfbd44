"""A workflow as a picture: its steps, what each does, and how they are linked."""

from html import escape

from icestream.engine.graph.workflow import Step, Workflow, order_of, placeholder_of
from icestream.protocol import Registry
from icestream.report.drawing import BOX, place_steps
from icestream.shown import printable

__all__ = ["workflow_svg"]

_NAME, _TITLE = 15, 20
"""Letters that fit across a box."""


def workflow_svg(workflow: Workflow, registry: Registry) -> str:
    """A drawing that flows to the right, as SVG; a placeholder's box has a broken line.

    Parameters
    ----------
    workflow
        A workflow without circles.
    registry
        Where protocols are found; the title of one that is not there is its name.
    """
    depths = order_of(workflow)
    watching = {
        step.name
        for step in workflow.steps
        if any(one.watches for one in registry.usable([step.protocol]))
    }
    drawn = place_steps(
        [(step.name, depths[step.name]) for step in workflow.steps],
        [
            (source.step, step.name)
            for step in workflow.steps
            for sources in step.inputs.values()
            for source in sources
        ],
        watching,
    )["wide"]
    by_name = {step.name: step for step in workflow.steps}
    width, height = drawn["width"], drawn["height"]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" font-family="sans-serif" role="img">',
        f"<title>{escape(printable(workflow.name, lines=False))}</title>",
        *(f'<path d="{path}" fill="none" stroke="#8a97a6"/>' for path in drawn["links"]),
    ]
    for box in drawn["boxes"]:
        step = by_name[box["step"]]
        parts += _box(step, _title(step, registry), box["x"], box["y"], step.name in watching)
    return "\n".join([*parts, "</svg>", ""])


def _box(step: Step, title: str, x: float, y: float, watches: bool) -> list[str]:
    width, height = BOX
    fill = "#f4f5f7" if watches else "#eaf2fb"
    line = "#8a97a6" if watches else "#2f6fb1"
    broken = ' stroke-dasharray="5 4"' if placeholder_of(step) else ""
    middle, whole = x + width / 2, escape(printable(title, lines=False))
    return [
        f'<rect x="{x:g}" y="{y:g}" width="{width}" height="{height}" rx="7" fill="{fill}" '
        f'stroke="{line}"{broken}/>',
        f'<text x="{middle:g}" y="{y + 25:g}" text-anchor="middle" font-size="13" '
        f'fill="#1c2733">{_short(step.name, _NAME)}</text>',
        f'<text x="{middle:g}" y="{y + 43:g}" text-anchor="middle" font-size="10" '
        f'fill="#5b6b7c">{_short(title, _TITLE)}<title>{whole}</title></text>',
    ]


def _short(text: str, most: int) -> str:
    shown = printable(text, lines=False)
    return escape(shown if len(shown) <= most else f"{shown[: most - 2]}…")


def _title(step: Step, registry: Registry) -> str:
    if held := placeholder_of(step):
        return held[1]
    return next((one.title for one in registry.usable([step.protocol])), step.protocol)
