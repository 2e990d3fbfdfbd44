"""A real browser: the text of a page, and where its parts stand."""

import re
import shutil
import subprocess
from pathlib import Path

from playwright.sync_api import FloatRect, Locator

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def browse(address: str, tmp_path: Path, *options: str) -> tuple[str, list[str]]:
    """The page as it stands after four seconds, and what the browser's console says."""
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--disable-background-networking", "--no-first-run", f"--user-data-dir={tmp_path}/c",
            "--virtual-time-budget=4000", "--enable-logging=stderr", "--dump-dom", *options,
            address,
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def text_of(page: str) -> str:
    """What a person reads: no scripts, no styles, no tags."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


def box_of(part: Locator) -> FloatRect:
    """Where a part of the page stands, once it moves no more: what comes above it pushes it."""
    before = None
    for _ in range(200):
        box = part.bounding_box()
        if box is not None and box == before:
            return box
        before = box
        part.page.wait_for_timeout(150)
    raise AssertionError(f"{part} does not come to rest; it was at {before}")
