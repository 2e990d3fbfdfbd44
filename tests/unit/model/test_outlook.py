"""A forecast in words."""

import time
from dataclasses import replace

import pytest

from icestream.model import StepLoad
from icestream.model.filling import Filling
from icestream.model.forecast import Forecast, Remedy
from icestream.model.outlook import (
    behind_words,
    cost_words,
    filling_document,
    filling_words,
    forecast_document,
    outlook_words,
    remedy_words,
)

NOW = time.mktime((2026, 3, 14, 1, 0, 0, 0, 0, -1))
CATCHING = Forecast(
    outlook="catching up", behind=400, hours=1.5, until=NOW + 3600.0, soonest=NOW + 3000.0,
    latest=NOW + 5400.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "caught up at about 02:00 (01:50 to 02:30)"),
        ({"latest": None}, "caught up at about 02:00 (not before 01:50, perhaps much later)"),
        ({"soonest": NOW + 3580.0, "latest": NOW + 3620.0}, "caught up at about 02:00"),
        ({"until": NOW + 26 * 3600.0, "soonest": None}, "caught up at about Sun 03:00"),
        (
            {"ends": NOW + 1800.0, "soonest": None},
            "caught up at about 02:00, 30 min after the end of acquisition",
        ),
        (
            {"outlook": "level", "until": None},
            "as much comes as is processed: it stays as far behind",
        ),
        (
            {"outlook": "falling behind", "slow": 0.124, "alone": 7200.0},
            "at this rate it will not catch up: 12 % too slow; 2.0 h of work if nothing more came",
        ),
        ({"outlook": "halted"}, "nothing is processed now"),
        ({"outlook": "unknown"}, ""),
        ({"outlook": "up to date"}, ""),
    ],
)  # fmt: skip
def test_the_outlook_is_one_sentence(changes: dict[str, object], words: str) -> None:
    assert outlook_words(replace(CATCHING, **changes), NOW) == words  # type: ignore[arg-type]


FILLING = Filling(
    state="in sight", free=1e12, rate=1e8, until=NOW + 3600.0, soonest=NOW + 3000.0,
    latest=NOW + 5400.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "full at about 02:00 (01:50 to 02:30)"),
        ({"latest": None}, "full at about 02:00 (not before 01:50, perhaps much later)"),
        ({"state": "unknown", "until": None, "soonest": None, "latest": None}, ""),
        (
            {"state": "not in sight", "until": None, "soonest": None, "latest": None},
            "not full within 3 days as it fills now",
        ),
        (
            {"state": "not in sight", "until": None, "soonest": NOW + 50 * 3600.0, "latest": None},
            "not full within 3 days as it fills now, or at Mon 03:00 at the soonest",
        ),
    ],
)  # fmt: skip
def test_when_the_disk_is_full(changes: dict[str, object], words: str) -> None:
    said = replace(FILLING, **changes)  # type: ignore[arg-type]
    assert filling_words(said, NOW) == words
    assert filling_document(said, NOW)["words"] == words
    assert "words" not in filling_document(said)


def test_how_far_behind_it_is() -> None:
    assert behind_words(CATCHING, "movies") == "400 movies (1.5 h of acquisition)"
    assert behind_words(Forecast(behind=3), "movies") == "3 movies"


@pytest.mark.parametrize(
    ("remedy", "words"),
    [
        (
            Remedy(kind="later", steps=("classify",), share=0.34, able=310.0, enough=True),
            "classify takes 34 % of the time: with it paused until the acquisition has ended "
            "it would keep up",
        ),
        (
            Remedy(kind="later", steps=("a", "b", "c"), share=0.5, able=310.0, enough=False),
            "a, b and c take 50 % of the time: with them paused until the acquisition has ended "
            "310 an hour could be processed",
        ),
        (
            Remedy(kind="cores", cores=1, able=310.0, enough=True),
            "with 1 core more, here or on another machine, it would keep up",
        ),
        (
            Remedy(kind="others", cores=4, able=310.0, enough=True),
            "other sessions have 4 cores that this one may use: with them it would keep up",
        ),
    ],
)
def test_what_would_help_says_how_much(remedy: Remedy, words: str) -> None:
    assert remedy_words(remedy) == words


def test_costs_and_the_document_of_programs() -> None:
    costs = (StepLoad(name="align", seconds=9.0, left=1), StepLoad(name="ctf", seconds=1.0, left=1))
    remedy = Remedy(kind="cores", cores=1, able=310.0, enough=True)
    said = replace(CATCHING, costs=costs, remedies=(remedy,))
    assert list(cost_words(said)) == ["align 9 s (90 %)", "ctf 1 s (10 %)"]
    document = forecast_document(said, NOW)
    assert document["costs"] == {"align": 9.0, "ctf": 1.0}
    assert document["words"] == outlook_words(said, NOW)
    assert document["helps"][0]["words"] == remedy_words(remedy)
    assert "words" not in forecast_document(said)
