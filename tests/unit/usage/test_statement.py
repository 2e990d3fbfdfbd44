"""What is said of usage."""

import json

import pytest
from pydantic import ValidationError

from collecting import USE, said
from icestream.usage.statement import (
    EXPOSURES,
    MOST_DAYS,
    SESSIONS,
    SessionUse,
    UsageStatement,
    day_of_use,
    statement_text,
)


def test_numbers_are_rounded_down_to_coarse_classes() -> None:
    day = day_of_use("2026-11-30", [USE] * 7)
    assert (day.sessions, day.exposures) == (5, 1000)  # of 7, of 2884
    assert {one.sessions for one in day.protocols} == {5}
    assert {one.sessions for one in day.chains} == {5}
    nothing = day_of_use("2026-11-30", [SessionUse(0, (), ())])
    assert (nothing.sessions, nothing.exposures) == (1, 0)
    many = day_of_use("2026-11-30", [SessionUse(10**9, (), ())] * 1000)
    assert (many.sessions, many.exposures) == (SESSIONS[-1], EXPOSURES[-1])


def test_the_order_says_nothing() -> None:
    turned = SessionUse(USE.exposures, USE.protocols[::-1], USE.chains[::-1])
    assert day_of_use("2026-11-30", [USE]) == day_of_use("2026-11-30", [turned])


def test_a_session_is_kept_as_it_was_counted() -> None:
    assert SessionUse.from_json(USE.to_json()) == USE


def test_the_text_is_what_is_read() -> None:
    statement = said()
    text = statement_text(statement)
    assert UsageStatement.model_validate_json(text) == statement
    # A protocol in a line, for people.
    assert text.count(b"\n") == 23
    assert b'{"protocol": "movies.align", "next": "ctf.estimate", "sessions": 1}' in text


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("installation", "my-lab"),
        ("installation", "A" * 32),
        ("country", "Spain"),
        ("country", "QQ"),
        ("icestream", "0.1 of lab7"),
        ("python", "3.12.4"),
        ("form", 2),
        ("form", "1"),
        ("host", "krios.example.org"),
        ("days", []),
        ("days.0.day", "2026-02-30"),
        ("days.0.day", "2026-11-30T10:15"),
        ("days.0.sessions", 3),
        ("days.0.sessions", 0),
        ("days.0.exposures", 412),
        ("days.0.user", "ada"),
        ("days.0.protocols.0.name", "/home/ada/secret.py"),
        ("days.0.protocols.0.name", "<script>"),
        ("days.0.protocols.0.plugin", "lab7-secret"),
        ("days.0.protocols.0.plugin_version", "1.0 of lab7"),
        ("days.0.protocols.0.sessions", 4),
        ("days.0.protocols.0.parameters", {"voltage": 300}),
        ("days.0.chains.0.next", "ctf.Estimate"),
    ],
)
def test_whatever_else_is_said_is_refused(path: str, value: object) -> None:
    document = json.loads(statement_text(said()))
    *outer, last = path.split(".")
    inside = document
    for part in outer:
        inside = inside[int(part) if part.isdecimal() else part]
    inside[last] = value
    with pytest.raises(ValidationError):
        UsageStatement.model_validate_json(json.dumps(document))


def test_there_is_an_end_to_what_is_said() -> None:
    day = said().days[0]
    with pytest.raises(ValidationError, match="days"):
        said(days=(day,) * (MOST_DAYS + 1))
    document = json.loads(statement_text(said()))
    document["days"][0]["chains"] *= 1000
    with pytest.raises(ValidationError, match="chains"):
        UsageStatement.model_validate_json(json.dumps(document))
