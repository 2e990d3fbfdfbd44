"""A portal, against a double of its REST interface."""

from collections.abc import Iterator
from typing import Any

import pytest

from booking_systems import KEY, PortalDouble, serving
from icestream.facility.asking import SourceChanged, SourceDown, SourceRefused
from icestream.facility.projects.kinds import PortalProjects
from icestream.facility.projects.portal import Portal
from icestream.facility.projects.project import Project


@pytest.fixture
def system() -> Iterator[PortalDouble]:
    double = PortalDouble()
    with serving(double):
        yield double


def portal(system: PortalDouble, **given: Any) -> Portal:
    return Portal(
        PortalProjects(kind="portal", url=f"{system.url}/api/v1", **{"key": KEY, **given})
    )


def test_orders_are_projects(system: PortalDouble) -> None:
    system.order("CEM00123", "Apoferritin")
    system.order("CEM00124", "Ribosome", status="rejected")
    system.order("", "a draft")
    first, second = portal(system).projects()
    assert first == Project(
        code="CEM00123",
        title="Apoferritin",
        pi="pi@uni.example",
        pi_name="Maria Curie",
        pi_email="pi@uni.example",
        team="pi@uni.example",
    )
    assert second.state == "rejected"


def test_an_order_in_full(system: PortalDouble) -> None:
    fields = {
        "pi_list": [["Ortiz, Rosa", "Rosa@uni.example"], ["nobody", ""], "what"],
        "project_invoice_addess": "Ref 17",
        "where": "Street 1\nTown",
        "secret": "Yes",
    }
    system.order("CEM00123", "Apoferritin", fields=fields)
    source = portal(system, address_field="where", confidential_field="secret")
    one = source.project("CEM00123")
    assert one is not None
    assert one.people == {"rosa@uni.example": "Rosa Ortiz"}
    assert (one.reference, one.address, one.confidential) == ("Ref 17", "Street 1\nTown", True)
    assert one.institution is None
    assert source.project("CEM/../x?y") is None


def test_refused_down_and_changed_are_told_apart(system: PortalDouble) -> None:
    with pytest.raises(SourceRefused, match="answered 403") as caught:
        portal(system, key="wr0ng").projects()
    assert "wr0ng" not in str(caught.value)
    order = system.order("CEM00123", "Apoferritin")
    del order["owner"]
    for ask in (portal(system).projects, lambda: portal(system).project("CEM00123")):
        with pytest.raises(SourceChanged, match="order CEM00123 .* owner or status is missing"):
            ask()
    system.orders["CEM00123"] = ["a list"]  # type: ignore[assignment]
    with pytest.raises(SourceChanged, match="it is no object"):
        portal(system).project("CEM00123")
    system.answer = lambda asked: (200, {}, {"orders": []})  # type: ignore[method-assign]
    with pytest.raises(SourceChanged, match="items is missing"):
        portal(system).projects()
    system.down = True
    with pytest.raises(SourceDown):
        portal(system).projects()


@pytest.mark.parametrize(
    ("word", "hidden"), [("until publication", True), (True, True), ("No", False), ("", False)]
)
def test_any_word_but_no_makes_a_project_confidential(
    system: PortalDouble, word: object, hidden: bool
) -> None:
    system.order("CEM00123", "Apoferritin", fields={"secret": word})
    one = portal(system, confidential_field="secret").project("CEM00123")
    assert one is not None and one.confidential is hidden
