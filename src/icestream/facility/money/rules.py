"""Which rules hold when: those of the section, and how they change from a day on."""

from bisect import bisect_right
from datetime import time
from zoneinfo import ZoneInfo

from icestream.facility.money.calendar import moment
from icestream.facility.money.kinds import Money

__all__ = ["RulesInTime"]

_RULES = ("bill", "without_booking", "no_show", "cancellation")


class RulesInTime:
    """The rules of a section by when something begins.

    Parameters
    ----------
    money
        The section.
    zone
        The site's time zone: rules begin with its days.
    """

    def __init__(self, money: Money, zone: ZoneInfo) -> None:
        self._begins: list[int] = []
        self._held = [money]
        for each in sorted(money.rules, key=lambda one: one.begins):
            told = {name: getattr(each, name) for name in _RULES}
            changed = {name: value for name, value in told.items() if value is not None}
            self._begins.append(moment(each.begins, time(0), zone))
            self._held.append(self._held[-1].model_copy(update=changed))

    def at(self, begins: int) -> Money:
        """The section as it is for what begins at a moment (seconds since the epoch)."""
        return self._held[bisect_right(self._begins, begins)]
