"""Limits of selections and monitors, and that each knows of the other."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from icestream.protocol import Registry
from icestream.report.limits import Drawn, alert_words, document_of, limits_of, step_words, words_of


@dataclass
class Step:
    """As much of a step as limits need."""

    name: str
    protocol: str
    kind: str
    changed: dict[str, Any] = field(default_factory=dict)


SELECT = Step("select", "exposures.select", "selection")
MONITOR = Step("ctf_monitor", "monitor.ctf", "monitor")
TITLES = {"select": "Selection of exposures", "ctf_monitor": "CTF monitor"}


def found(*steps: Step, pixel_size: float = 1.0) -> dict[str, list[Drawn]]:
    return limits_of(Registry(), steps, TITLES, pixel_size)  # type: ignore[arg-type]


def test_the_parameters_of_now_are_the_limits() -> None:
    limits = found(Step("select", "exposures.select", "selection", {"resolution_max": 5.0}))
    (limit,) = limits["ctf.resolution"]
    assert (limit.refuses, limit.low, limit.high) == (True, None, 5.0)
    assert "motion.early" not in limits, "nothing is set"


def test_coarse_pixels_raise_the_limit_as_they_do_in_the_selection() -> None:
    assert found(SELECT, pixel_size=4.0)["ctf.resolution"][0].high == 12.0
    assert found(MONITOR, pixel_size=4.0)["ctf.resolution"][0].high == 12.0


def test_what_refuses_comes_first() -> None:
    limits = found(MONITOR, SELECT)
    assert [limit.refuses for limit in limits["ctf.defocus"]] == [True, False]


def test_limits_that_agree_are_said_once() -> None:
    limits = found(SELECT, MONITOR)
    resolution = words_of("ctf.resolution", limits["ctf.resolution"])
    assert resolution == "refused above 8\u202fÅ, and an alert warns of it"
    defocus = words_of("ctf.defocus", limits["ctf.defocus"])
    assert defocus == (
        "refused below 0.2\u202fµm or above 5\u202fµm; warning below 0.3\u202fµm or above 4\u202fµm"
    )


def test_an_alert_says_what_the_selection_refuses() -> None:
    strict = Step("select", "exposures.select", "selection", {"resolution_max": 5.0})
    words = alert_words("ctf.resolution.low", "ctf_monitor", found(strict, MONITOR))
    assert words == "Selection of exposures refuses what is above 5\u202fÅ."
    alone = alert_words("ctf.resolution.low", "ctf_monitor", found(MONITOR))
    assert alone == "No selection refuses such exposures."


@pytest.mark.parametrize("key", ["ctf.resolution.jump", "ctf.bad", "arrivals.silent", ""])
def test_an_alert_on_no_limit_needs_no_more_words(key: str) -> None:
    assert alert_words(key, "ctf_monitor", found(SELECT, MONITOR)) == ""


def test_a_selection_says_from_where_on_it_is_warned() -> None:
    said = step_words("select", found(SELECT, MONITOR))
    assert "CTF fit resolution above 8\u202fÅ (CTF monitor warns above 8\u202fÅ)" in said
    assert "Total motion above 150\u202fÅ" in said
    back = step_words("ctf_monitor", found(SELECT, MONITOR))
    assert any("Selection of exposures refuses below 0.2" in words for words in back)


def test_the_page_gets_lines_and_words() -> None:
    document = document_of("motion.total", found(SELECT)["motion.total"])
    assert document == {
        "lines": [{"refuses": True, "title": "Selection of exposures", "low": None, "high": 150.0}],
        "words": "refused above 150\u202fÅ",
    }
    assert document_of("motion.total", ()) == {"lines": [], "words": ""}


def test_a_protocol_that_is_gone_or_wrong_has_none() -> None:
    gone = Step("select", "plugin.gone", "selection")
    wrong = Step("select", "exposures.select", "selection", {"resolution_max": "far"})
    assert found(gone) == {}
    assert found(wrong) == {}
