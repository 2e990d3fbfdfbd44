"""The page: whole in itself, and safe."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from icestream.report import shell
from icestream.report.shell import is_built, page_version, render_page

built = pytest.mark.skipif(not is_built(), reason="the page of reports is not built: make ui")
FRONTEND = Path(__file__).parents[3] / "frontend"


def policy(page: str) -> str:
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert found is not None
    return found[1]


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@built
def test_the_policy_lets_our_script_and_style_in_and_no_others() -> None:
    page = render_page("grid 2")
    script = page.partition("</noscript>\n<script>")[2].partition("</script>")[0]
    style = page.partition("<style>")[2].partition("</style>")[0]
    assert len(script) > 100_000
    assert digest(script) in policy(page).split("script-src")[1].split(";")[0]
    assert digest(style) in policy(page).split("style-src")[1].split(";")[0]
    assert "default-src 'none'" in policy(page)
    assert "unsafe" not in policy(page)


@built
def test_nothing_in_the_script_ends_it() -> None:
    page = render_page("grid 2")
    assert page.count("</script>") == 1
    assert page.count("</style>") == 1
    assert "<!--" not in page


@built
def test_the_script_has_no_way_to_a_server() -> None:
    script = render_page("grid 2").partition("</noscript>\n<script>")[2]
    assert not re.search(r"\bnew WebSocket\b|XMLHttpRequest|\beval\(|new Function\b", script)


def test_a_name_cannot_become_markup() -> None:
    page = render_page("<img src=x onerror=alert(1)>")
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


@pytest.mark.parametrize("part", ["report", "src"])
def test_scripts_never_write_markup_from_text(part: str) -> None:
    sources = [
        path
        for pattern in ("*.ts", "*.tsx")
        for path in (FRONTEND / part).rglob(pattern)
        if ".test." not in path.name
    ]
    assert len(sources) > 20
    for path in sources:
        text = path.read_text(encoding="utf-8")
        for name in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert name not in text, f"{path} has {name}"
        assert "dangerously" not in text, path


def test_a_page_that_is_not_built_says_what_is_missing_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = page_version()
    monkeypatch.setattr(shell, "_BUILT", ("static/nothing.js", "static/nothing.css"))
    shell._load.cache_clear()
    try:
        page = render_page("grid <2>")
        assert not is_built()
        assert "<code>make ui</code>" in page
        assert "icestream report" in page
        assert "<script" not in page
        assert "grid &lt;2&gt;" in page
        assert "default-src 'none'" in policy(page)
        assert not (whole == page_version() and shell.is_built())
    finally:
        shell._load.cache_clear()


def test_the_version_is_short_and_stable() -> None:
    assert page_version() == page_version()
    assert re.fullmatch(r"[0-9a-f]{12}", page_version())
