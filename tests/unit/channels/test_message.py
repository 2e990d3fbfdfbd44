"""What people and programs read of a message."""

import dataclasses
import json

from icestream.channels.message import card_of, discreet, document_of, subject_of, text_of
from post_office import MESSAGE, TOLD


def told(**other: object) -> object:
    return dataclasses.replace(TOLD, **other)  # type: ignore[arg-type]


def of(*alerts: object, **more: object) -> object:
    return dataclasses.replace(MESSAGE, alerts=alerts, **more)  # type: ignore[arg-type]


def test_the_subject_says_session_level_and_first_words() -> None:
    assert subject_of(MESSAGE) == "[icestream] apof: critical: align is paused: the disk is full"
    over = of(told(over=1_000_030.0))
    assert subject_of(over).startswith("[icestream] apof: over: align is paused")  # type: ignore[arg-type]
    long = of(told(message="word " * 99))
    assert len(subject_of(long)) <= 120  # type: ignore[arg-type]
    assert subject_of(of(TOLD, TOLD)).startswith("[icestream] apof: 2 alerts, critical: ")  # type: ignore[arg-type]


def test_a_subject_is_one_line_whatever_a_file_is_called() -> None:
    subject = subject_of(of(told(message="a\r\nBcc: x@y.org \x1b[31m"), session="s\n1"))  # type: ignore[arg-type]
    assert "\n" not in subject
    assert "\r" not in subject
    assert "\x1b" not in subject


def test_the_text_has_the_whole_command_and_the_report() -> None:
    lines = text_of(MESSAGE).splitlines()
    assert lines[0] == "critical: align is paused: the disk is full"
    assert lines[1].endswith(", step align, mov_7")
    assert "to fix it: icestream resume /processed/apof align" in lines
    assert "session: /processed/apof" in lines
    assert "report: /processed/apof/report/index.html" in lines
    assert "you take care of it: icestream acknowledge /processed/apof 3" in lines
    assert "not again for a time: icestream mute /processed/apof 3 --for 2h" in lines


def test_it_says_since_when_by_which_exposures_and_why() -> None:
    extent, cause = "9 exposures, a_1 to a_9", "the beam was realigned"
    known = text_of(of(told(began=1_700_000_000.0, extent=extent, cause=cause)))  # type: ignore[arg-type]
    assert "since 2023-11-1" in known
    assert f"shown by {extent}\nlikely cause: {cause}\n" in known
    assert "likely cause" not in text_of(MESSAGE)


def test_commands_can_be_copied_whatever_the_folder_is_called() -> None:
    text = text_of(of(TOLD, folder="/data/my session"))  # type: ignore[arg-type]
    assert "icestream acknowledge '/data/my session' 3" in text


def test_what_is_over_asks_for_nothing() -> None:
    text = text_of(of(told(over=1_000_030.0)))  # type: ignore[arg-type]
    assert text.startswith("over since ")
    assert "to fix it" not in text
    assert "acknowledge" not in text


def test_of_many_the_rest_is_counted() -> None:
    text = text_of(of(*[told(number=n) for n in range(1, 31)]))  # type: ignore[arg-type]
    assert text.count("critical: ") == 20
    assert "and 10 more: icestream alerts /processed/apof" in text


def test_a_card_is_small_enough_and_has_it_all() -> None:
    many = of(*[told(number=n, message="ä" * 5000) for n in range(1, 99)])
    assert len(json.dumps(card_of(many), ensure_ascii=False).encode()) < 28_000  # type: ignore[arg-type]
    (attachment,) = card_of(MESSAGE)["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    texts = [block["text"] for block in attachment["content"]["body"]]
    assert texts[0] == subject_of(MESSAGE)
    assert any("to fix it: icestream resume /processed/apof align" in text for text in texts)


def test_programs_get_every_field() -> None:
    document = json.loads(json.dumps(document_of(MESSAGE)))
    assert document["id"] == "u1.7.staff"
    assert document["subject"] == subject_of(MESSAGE)
    assert document["text"] == text_of(MESSAGE)
    assert document["alerts"] == [dataclasses.asdict(TOLD)]


def test_it_may_not_say_which_session_it_is_about() -> None:
    message = discreet(MESSAGE, lambda text: text.replace("apof", "hidden"))
    text = text_of(message) + subject_of(message) + str(document_of(message))
    assert "apof" not in text
    assert "mov_7" not in text
    assert "icestream acknowledge" not in text
    assert "align is paused: the disk is full" in text
    many = text_of(dataclasses.replace(message, alerts=message.alerts * 30))
    assert "and 10 more\n" in many
