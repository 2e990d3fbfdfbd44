"""An alert names a few files and counts all."""

from icestream.protocols.notices import Notices


def test_what_is_said_of_many_files() -> None:
    notices = Notices()
    assert notices.alerts == ()
    for number in (1, 2, 2, 3, 1):
        notices.listed("dose", "warning", f"{number}.tif", "the dose of {} is not known")
    assert notices.alerts[0].message == "the dose of 1.tif, 2.tif, 3.tif is not known"
    for number in (4, 5, 4):
        notices.listed("dose", "warning", f"{number}.tif", "the dose of {} is not known")
    (alert,) = notices.alerts
    assert (alert.key, alert.level) == ("dose", "warning")
    assert alert.message == "the dose of 1.tif, 2.tif, 3.tif and 2 more is not known"


def test_what_is_said_once() -> None:
    notices = Notices()
    notices.once("a", "notice", "first {}")
    notices.once("a", "notice", "second")
    notices.replace("b", "notice", "first")
    notices.replace("b", "warning", "second")
    assert [(alert.level, alert.message) for alert in notices.alerts] == [
        ("notice", "first {}"),
        ("warning", "second"),
    ]
