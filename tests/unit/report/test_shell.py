"""The page: whole in itself, and safe."""

import base64
import hashlib
import re

from icestream.report.shell import page_version, render_page


def test_the_policy_lets_our_script_run_and_no_other() -> None:
    page = render_page("grid 2")
    script = page.split("<script>")[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert f"'sha256-{digest}'" in policy[1]
    assert "default-src 'none'" in policy[1]
    assert "unsafe-inline" not in policy[1].split("script-src")[1].split(";")[0]
    assert page.count("<script") == 1


def test_nothing_is_asked_of_another_place() -> None:
    page = render_page("grid 2")
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}, "only the name of SVG may look like one"
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|import)\s*\(", page)


def test_a_name_cannot_become_markup() -> None:
    page = render_page("<img src=x onerror=alert(1)>")
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_scripts_never_write_markup_from_text() -> None:
    page = render_page("grid")
    for name in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert name not in page


def test_the_version_is_short_and_stable() -> None:
    assert page_version() == page_version()
    assert re.fullmatch(r"[0-9a-f]{12}", page_version())
