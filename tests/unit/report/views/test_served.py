"""A report as a server may hand it out."""

from pathlib import Path

import pytest

from icestream.formats import FormatError
from icestream.report.pictures import write_script
from icestream.report.shell import render_page, report_sources
from icestream.report.views.served import report_data, report_page, report_policy


def test_only_our_own_page(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text(render_page("grid 2"))
    assert report_page(page, "grid 2").decode() == render_page("grid 2")
    for other in ("<script>alert(1)</script>", render_page("grid 3")):
        page.write_text(other)
        with pytest.raises(FormatError, match="another page"):
            report_page(page, "grid 2")
    for each in report_sources():
        assert each in report_policy()
        assert each in render_page("grid 2")


def test_only_data(tmp_path: Path) -> None:
    data = tmp_path / "live.js"
    write_script(data, "live", {"a": [1, None, "</script>\u2028"]})
    assert report_data(data) == data.read_bytes()
    for other in (
        "fetch('/api/tokens')",
        'icestream.live({"a": fetch("/api/tokens")});\n',
        "icestream.live({});fetch('/api/tokens');\n",
        "icestream.live({});\nicestream.live({});\n",
        "fetch(icestream.live({}));",
        "icestream.live(" + "[" * 200_000 + ");",
    ):
        data.write_text(other)
        with pytest.raises(FormatError, match="what could be a program"):
            report_data(data)
