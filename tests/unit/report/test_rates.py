"""Rates, delay and forecast of made-up arrivals."""

import pytest

from icestream.report.rates import Rates

START = 1_000_000_200.0


def session(found_every: float, settled_every: float, seconds: float) -> tuple[Rates, float]:
    rates = Rates()
    found = [START + place * found_every for place in range(int(seconds / found_every))]
    for time in found:
        rates.found(time)
    for place in range(int(seconds / settled_every)):
        if place < len(found):
            rates.settled(max(START + place * settled_every, found[place]) + 4.0, found[place])
    return rates, START + seconds


def test_a_steady_stream_has_its_rate() -> None:
    rates, now = session(10.0, 10.0, 3000)
    shown = rates.shown(now, 0, finished=False)
    assert shown["found"] == pytest.approx(360, rel=0.02)
    assert shown["settled"] == pytest.approx(360, rel=0.02)
    assert shown["latency"] == pytest.approx(4.0)
    assert shown["catch_up"] is None


def test_a_young_session_is_not_averaged_over_ten_minutes() -> None:
    rates, now = session(10.0, 10.0, 400)
    assert rates.shown(now, 0, finished=False)["found"] == pytest.approx(360, rel=0.1)


def test_little_evidence_gives_no_rate() -> None:
    rates, now = session(10.0, 10.0, 120)
    shown = rates.shown(now, 5, finished=False)
    assert shown["found"] is shown["settled"] is shown["catch_up"] is None, "two minutes"
    rates, now = session(100.0, 100.0, 400)
    assert rates.shown(now, 0, finished=True)["found"] is None, "four movies"


def test_both_rates_are_of_the_same_time() -> None:
    """All that was found is processed by the end: one rate cannot be greater than the other."""
    rates = Rates()
    for place in range(100):
        rates.found(START + 5 * place)
        rates.settled(START + 250 + 5 * place, START + 5 * place)
    shown = rates.shown(START + 745, 0, finished=True)
    assert shown["found"] == shown["settled"] == pytest.approx(100 / 745 * 3600)


def test_the_forecast_is_the_backlog_over_the_difference_of_the_rates() -> None:
    rates = Rates()
    for place in range(120):
        rates.found(START + 10 * place)
    for place in range(200):
        rates.settled(START + 6 * place, START)
    shown = rates.shown(START + 1200, 100, finished=False)
    assert shown["catch_up"] == pytest.approx(100 / (1 / 6 - 1 / 10), rel=0.05)


def test_falling_behind_has_no_forecast() -> None:
    rates, now = session(6.0, 10.0, 3000)
    assert rates.shown(now, 200, finished=False)["catch_up"] is None


def test_rates_fall_to_zero_when_nothing_comes() -> None:
    rates, now = session(10.0, 10.0, 900)
    shown = rates.shown(now + 3600, 0, finished=False)
    assert shown["found"] == 0.0
    assert len(shown["spark"]["found"]) == 60
    assert sum(shown["spark"]["found"][15:]) == 0


def test_a_finished_session_shows_its_mean_rate() -> None:
    rates, now = session(10.0, 10.0, 3000)
    shown = rates.shown(now + 1e6, 0, finished=True)
    assert shown["found"] == pytest.approx(360, rel=0.02)
    assert sum(shown["spark"]["found"]) > 200


def test_nothing_is_kept_of_old_minutes() -> None:
    rates = Rates()
    for place in range(5000):
        rates.found(START + 12 * place)
    rates.shown(START + 60_000, 0, finished=False)
    assert len(rates._found.minutes) <= 62
    assert len(rates._found.recent) <= 60


def test_an_empty_session_has_no_rate() -> None:
    shown = Rates().shown(START, 0, finished=False)
    assert shown["found"] is None
    assert shown["latency"] is None
    assert Rates().shown(START, 0, finished=True)["settled"] is None


def test_when_the_last_movie_came() -> None:
    assert Rates().shown(START, 0, finished=False)["last"] is None
    rates, now = session(10.0, 10.0, 300)
    assert rates.shown(now, 0, finished=False)["last"] == START + 290.0


def test_the_delay_of_what_is_run_again_is_that_of_its_first_time() -> None:
    rates = Rates()
    for place in range(20):
        found = START + 10.0 * place
        rates.settled(found + 7200.0, found, first=found + 6.0)
    shown = rates.shown(START + 7500.0, 0, finished=False)
    assert shown["latency"] == pytest.approx(6.0)
    assert sum(shown["spark"]["settled"]) == 20, "the work itself counts"


def test_the_mean_rate_is_of_the_time_in_which_the_movies_came() -> None:
    rates = Rates()
    for place in range(100):
        found = START + 10.0 * place
        rates.found(found)
        rates.settled(found + 86_400.0, found, first=found + 6.0)
    assert rates.shown(START + 1e6, 0, finished=True)["found"] == pytest.approx(360, rel=0.02)
