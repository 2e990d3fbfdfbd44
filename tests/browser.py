"""A real browser for pages of reports."""

import re
import shutil
import subprocess
from pathlib import Path

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


def section(page: str, name: str) -> str:
    """The HTML of the part of the page called `name`."""
    return page.split(f'<section id="{name}"')[1].split("</section>", maxsplit=1)[0]


def with_script(report: Path, folder: Path, script: str) -> str:
    """A copy of the report whose policy lets a second script run."""
    copy = folder / "report"
    shutil.copytree(report.parent, copy)
    page = re.sub(
        r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", report.read_text("utf-8")
    )
    (copy / "index.html").write_text(page.replace("</body>", f"<script>{script}</script></body>"))
    return (copy / "index.html").as_uri()
