"""What is wrong with the section ``[money]`` that only other sections and files can tell."""

from collections.abc import Iterator
from datetime import datetime

from icestream.alike import meant
from icestream.facility.file import FacilityFile
from icestream.facility.kinds import Flaw
from icestream.facility.money.kinds import Money, MoneyRefusal
from icestream.facility.money.texts import load_texts

__all__ = ["money_flaws"]


def money_flaws(file: FacilityFile) -> Iterator[Flaw]:
    """All that is wrong with prices and invoices of the facility file."""
    money = file.money
    if money is None:
        return
    yield from _files(money)
    for number, listed in enumerate(money.lists):
        for name in listed.microscopes:
            if name not in file.microscopes:
                hint = meant(name, file.microscopes) or "microscopes that are gone may stay"
                what = f"there is no microscope {name!r} in the facility file; {hint}"
                yield Flaw(f"money.lists.{number}.microscopes.{name}", what, stops=False)
    today = datetime.now(file.zone).date()
    held = [listed for listed in money.lists if listed.begins <= today]
    if not held:
        first = min(listed.begins for listed in money.lists)
        what = f"no list of prices holds today, the first begins on {first}"
        yield Flaw("money.lists", what, stops=False)
        return
    listed = max(held, key=lambda each: each.begins)
    number = money.lists.index(listed)
    invoiced = [name for name, one in money.classes.items() if one.invoiced]
    for name in file.microscopes:
        where = f"money.lists.{number}.microscopes.{name}"
        if name not in listed.microscopes:
            what = "it has no price: its time will be listed as not billed"
            yield Flaw(where, what, stops=False)
            continue
        lacking = [one for one in invoiced if one not in listed.microscopes[name].prices]
        if lacking:
            what = f"there is no price for {', '.join(lacking)}: that will not be billed"
            yield Flaw(f"{where}.prices", what, stops=False)


def _files(money: Money) -> Iterator[Flaw]:
    try:
        load_texts(money.texts)
    except MoneyRefusal as error:
        yield Flaw("money.texts", str(error))
    for where, path in (("money.layout", money.layout), ("money.seller.logo", money.seller.logo)):
        if path is not None and not path.is_file():
            yield Flaw(where, f"{path} is not there, or is no file")
