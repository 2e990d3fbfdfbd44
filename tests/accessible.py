"""What axe-core finds wrong with a page."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

_AXE = Path(__file__).parents[1] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_BAD = ("serious", "critical")
_STILL = """() => document.getAnimations().every((one) =>
  one.playState !== "running" || one.effect.getComputedTiming().endTime === Infinity)"""

_RUN = "async () => await axe.run({ resultTypes: ['violations'] })"
"""What passes, and what axe cannot tell, is not listed node by node: that takes most of its time.
"""


def serious(page: Page) -> list[str]:
    """Serious faults, each with where it is; nothing where there are none."""
    if not _AXE.is_file():
        pytest.skip("axe-core is not installed: make ui-check")
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.read_text("utf-8"))
    # Colours that fade into each other are looked at when they have.
    page.wait_for_function(_STILL)
    found: dict[str, Any] = page.evaluate(_RUN)
    return [
        f"{fault['id']}: {node['html'][:160]}"
        for fault in found["violations"]
        if fault["impact"] in _BAD
        for node in fault["nodes"]
    ]


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return max(0, wide)
