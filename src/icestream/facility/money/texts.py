"""The words of invoices, in English or as the site's own file has them, and how numbers look."""

import datetime
from decimal import Decimal
from pathlib import Path

from pydantic import Field, ValidationError

from icestream.documents import read_toml
from icestream.facility.kinds import Section
from icestream.facility.money.kinds import MoneyRefusal

__all__ = ["Texts", "load_texts"]


class Texts(Section):
    """The words of an invoice; a site's file names those that it wants otherwise."""

    language: str = Field(default="en", pattern=r"^[a-z]{2,3}$")
    """Code of the language, by which words are divided."""
    invoice: str = "Invoice"
    credit: str = "Credit note"
    draft: str = "Draft, not an invoice"
    number: str = "Number"
    date: str = "Date"
    period: str = "Period"
    due: str = "To be paid by"
    corrects: str = "Corrects invoice"
    reason: str = "Reason"
    payer: str = "To"
    vat: str = "VAT number"
    reference: str = "Your reference"
    project: str = "Project"
    when: str = "When"
    what: str = "What"
    quantity: str = "Quantity"
    price: str = "Price"
    amount: str = "Amount"
    net: str = "Net"
    total: str = "Total"
    of: str = "of"
    account: str = "Account"
    contact: str = "Questions"
    page: str = "page"
    hour: str = "h"
    day: str = "d"
    slot: str = "slots"
    booked: str = "time booked"
    used: str = "time used"
    no_show: str = "booked, nobody came"
    cancelled: str = "cancelled late"
    before: str = ""
    """A sentence above the lines."""
    after: str = ""
    """A sentence below the sums."""
    decimal_mark: str = Field(default=".", min_length=1, max_length=1)
    thousands: str = Field(default="\u202f", max_length=1)
    """Between thousands: a narrow space, unless the site says otherwise."""
    day_pattern: str = "%Y-%m-%d"
    """How a date looks."""
    time_pattern: str = "%Y-%m-%d %H:%M"
    """How a time looks."""

    def decimal(self, value: Decimal, places: int | None = None) -> str:
        """A number as it is printed; without `places`, with no more decimals than it has.

        >>> Texts(thousands=",").decimal(Decimal("-1234.50"), 2)
        '−1,234.50'
        >>> Texts().decimal(Decimal("2.50"))
        '2.5'
        """
        text = f"{abs(value):f}" if places is None else f"{abs(value):.{places}f}"
        if places is None and "." in text:
            text = text.rstrip("0").rstrip(".")
        whole, _, rest = text.partition(".")
        groups = [whole[max(0, end - 3) : end] for end in range(len(whole), 0, -3)]
        shown = self.thousands.join(reversed(groups))
        return ("−" if value < 0 else "") + shown + (self.decimal_mark + rest if rest else "")

    def day_of(self, day: datetime.date) -> str:
        """A date as it is printed."""
        return day.strftime(self.day_pattern)

    def moment(self, at: datetime.datetime) -> str:
        """A time as it is printed."""
        return at.strftime(self.time_pattern)


def load_texts(path: Path | None) -> Texts:
    """The words of a file, or the English ones; MoneyRefusal says what is wrong with the file."""
    if path is None:
        return Texts()
    try:
        return Texts.model_validate(read_toml(path.read_bytes()))
    except OSError as error:
        raise MoneyRefusal(f"the words of invoices, {path}: {error.strerror}") from None
    except ValidationError as error:
        said = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()
        )
        raise MoneyRefusal(f"the words of invoices, {path}: {said}") from None
    except ValueError as error:
        raise MoneyRefusal(f"the words of invoices, {path}: not valid TOML: {error}") from None
