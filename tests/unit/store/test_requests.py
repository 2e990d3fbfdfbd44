"""Requests as readers see them."""

from collections.abc import Callable
from typing import Any

import pytest

from icestream.engine.requests.models import Pause, Reject
from icestream.engine.requests.send import send
from icestream.store.requests import request, requests
from toy_record import Desk

SRC: Any = ("src", "toy.count", {}, {})


def test_they_come_in_the_order_of_asking(desk: Callable[..., Desk]) -> None:
    made = desk(SRC)
    assert requests(made.store) == ()
    send(made.folder, Pause(step="src", who="ann"))
    send(made.folder, Reject(exposures=("e1",), why="ice", who="bob"))
    first, second = requests(made.store)
    assert (first.verb, first.who, first.document) == ("pause", "ann", {"step": "src"})
    assert second.document == {"exposures": ["e1"], "why": "ice"}
    assert (second.state, second.answer) == ("new", "")
    assert second.time >= first.time
    assert requests(made.store, state="done") == ()
    assert len(requests(made.store, state="new")) == 2


def test_one_is_found_by_its_token(desk: Callable[..., Desk]) -> None:
    made = desk(SRC)
    token = send(made.folder, Pause(step="src", who="ann"))
    assert request(made.store, token) == requests(made.store)[0]
    assert request(made.store, token).token == token
    with pytest.raises(LookupError, match="no request 'x'"):
        request(made.store, "x")
