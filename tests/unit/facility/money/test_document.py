"""Documents say all, and credit notes take back exactly what was asked."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_time import HOUR, PARTIES, SUNDAY, ZONE, section, some_books, some_money
from icestream.facility.money.account import account
from icestream.facility.money.calendar import Period
from icestream.facility.money.document import (
    Document,
    Head,
    credit_document,
    digest_of,
    draft_key,
    invoice_document,
)
from icestream.facility.money.draft import Draft, drafts
from icestream.facility.money.kinds import Money, MoneyRefusal
from icestream.facility.money.parties import Books, Charge
from icestream.facility.money.texts import Texts

HEAD = Head("2026-0001", 1, date(2026, 6, 1), 1.78e9, "ada", "")
CREDIT = Head("C2026-0001", 1, date(2026, 6, 2), 1.78e9, "ada", "")
MAY = Period(date(2026, 5, 1), date(2026, 5, 31), ZONE)


def due(books: Books, money: Money) -> tuple[Draft, ...]:
    return drafts(account(books, money, ZONE, SUNDAY + 400 * HOUR), money, None)


def issued(draft: Draft, money: Money) -> Document:
    return invoice_document(draft, HEAD, MAY, money, Texts(), "Europe/Madrid")


def small(quantities: tuple[str, ...] = ("1", "2", "3")) -> Document:
    charges = tuple(
        Charge(n, "grids", Decimal(quantity), SUNDAY, PARTIES[0])
        for n, quantity in enumerate(quantities, 1)
    )
    money = section()
    return issued(due(Books(charges=charges), money)[0], money)


def test_it_is_plain_json_with_prices_and_words() -> None:
    document = small()
    assert json.loads(json.dumps(document)) == document
    assert document["due"] == "2026-07-01"
    assert document["period"] == {"first": "2026-05-01", "last": "2026-05-31"}
    assert document["lists"][0]["items"]["grids"]["prices"]["academic"] == "9.99"
    assert document["texts"]["invoice"] == "Invoice"
    assert [line["amount"] for line in document["lines"]] == ["9.99", "19.98", "29.97"]
    assert (document["net"], document["tax"], document["total"]) == ("59.94", "12.59", "72.53")


def test_a_digest_is_of_what_is_said_and_not_of_how() -> None:
    document = small()
    turned = json.loads(json.dumps(dict(reversed(document.items()))))
    assert digest_of(turned) == digest_of(document)
    assert digest_of({**document, "net": "59.95"}) != digest_of(document)


def test_the_key_of_a_draft_changes_with_anything_in_it() -> None:
    money = section()
    charge = Charge(1, "grids", Decimal(1), SUNDAY, PARTIES[0])
    (draft,) = due(Books(charges=(charge,)), money)
    (same,) = due(Books(charges=(charge,)), money)
    (other,) = due(Books(charges=(replace(charge, note="x"),)), money)
    assert draft_key(draft) == draft_key(same) != draft_key(other)


def test_a_credit_note_of_all_is_the_invoice_turned_round() -> None:
    document = small()
    credit = credit_document(document, [1, 2, 3], [], CREDIT, "never happened")
    for name in ("net", "tax", "total"):
        assert Decimal(credit[name]) == -Decimal(document[name])
    assert credit["corrects"] == {
        "number": "2026-0001", "issued": "2026-06-01", "digest": digest_of(document),
    }  # fmt: skip
    assert [line["corrects"] for line in credit["lines"]] == [1, 2, 3]
    assert "due" not in credit


@pytest.mark.parametrize(
    ("numbers", "credited", "said"),
    [([], [], "say which lines of 2026-0001"), ([4], [], "line 4 of 2026-0001 cannot be"),
     ([1, 2], [2], "of its 3 lines, these are left: 1, 3")],
)  # fmt: skip
def test_lines_are_credited_once(numbers: list[int], credited: list[int], said: str) -> None:
    with pytest.raises(MoneyRefusal, match=said):
        credit_document(small(), numbers, credited, CREDIT, "x")


@given(some_books(), some_money(), st.randoms())
@settings(max_examples=40)
def test_credit_notes_cancel_exactly_in_whatever_parts(
    books: Books,
    money: Money,
    random: st.randoms,  # type: ignore[valid-type]
) -> None:
    for draft in due(books, money):
        document = issued(draft, money)
        numbers = [line["number"] for line in document["lines"]]
        random.shuffle(numbers)  # type: ignore[attr-defined]
        left = {name: Decimal(document[name]) for name in ("net", "tax", "total")}
        credited: list[int] = []
        while numbers:
            part = [numbers.pop() for _ in range(min(len(numbers), random.randint(1, 3)))]  # type: ignore[attr-defined]
            credit = credit_document(document, part, credited, CREDIT, "x")
            credited += part
            for name in left:
                left[name] += Decimal(credit[name])
            amounts = sum(Decimal(line["amount"]) for line in credit["lines"])
            assert amounts == Decimal(credit["net"])
            assert sum(Decimal(each["net"]) for each in credit["taxes"]) == amounts
            assert Decimal(credit["net"]) + Decimal(credit["tax"]) == Decimal(credit["total"])
        assert not any(left.values())


def test_parts_of_three_cents_cancel_too() -> None:
    document = {**small(("1", "1")), "taxes": [], "lines": []}
    line = small(("1",))["lines"][0]
    document["lines"] = [{**line, "number": n, "amount": "0.03"} for n in (1, 2)]
    document["taxes"] = [{"name": "full", "title": "", "note": "", "percent": "21",
                          "net": "0.06", "tax": "0.01"}]  # fmt: skip
    one = credit_document(document, [1], [], CREDIT, "x")
    two = credit_document(document, [2], [1], CREDIT, "x")
    assert (one["tax"], two["tax"]) == ("0.00", "-0.01")


def test_a_picture_is_kept_in_the_document(tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text("<svg/>")
    seller = {"name": "x", "logo": str(logo)}
    money = section(seller=seller)
    charge = Charge(1, "grids", Decimal(1), SUNDAY, PARTIES[0])
    (draft,) = due(Books(charges=(charge,)), money)
    assert issued(draft, money)["logo"] == {"suffix": ".svg", "data": "PHN2Zy8+"}
    logo.write_bytes(b"x" * 1_000_001)
    with pytest.raises(MoneyRefusal, match="1 MB at most"):
        issued(draft, money)
    logo.unlink()
    with pytest.raises(MoneyRefusal, match="No such file"):
        issued(draft, money)
