"""How a session runs here."""

from icestream.cli.here import Here


def test_it_asks_and_reports_unless_it_is_told_otherwise() -> None:
    here = Here()
    assert (here.order, here.cores, here.report) == (None, None, True)
    assert not (here.as_given or here.log_json)
