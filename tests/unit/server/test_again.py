"""Answers of the last seconds are given again, to those who may see them and do not mind."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from icestream.login import Role
from icestream.server import again as module
from icestream.server.again import Again, KeptAnswer, age_of
from icestream.server.people.come import Coming
from icestream.server.people.person import Person

OLD = {"cache-control": "max-age=20"}
ANN = Person(name="ann", role=Role.VIEWER, sessions=frozenset({"a"}))
STRANGER = Person(name="eve", role=Role.VIEWER)


def kept(number: int, **more: Any) -> KeptAnswer:
    return KeptAnswer(f"{number}".encode(), "a", time.monotonic(), **more)


class Behind:
    """An application that says how often it was asked."""

    def __init__(self, answer: Callable[[int], Any] = kept) -> None:
        self.asked = 0
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        number = self.asked
        await asyncio.sleep(0.01)
        scope["route"] = "the route"
        await self.answer(number)(scope, receive, send)


async def ask(
    app: Again,
    headers: dict[str, str] | None = None,
    *,
    person: Person | None = ANN,
    path: str = "/api/sessions/a/live",
    query: str = "",
    method: str = "GET",
) -> str:
    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    state = {} if person is None else {"coming": Coming(person, "cookie", None)}
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(),
             "headers": raw, "state": state}  # fmt: skip
    said = b""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        nonlocal said
        said += message.get("body", b"")

    await app(scope, receive, send)
    assert scope["route"] == "the route", "by which figures are kept"
    return said.decode()


def several(app: Again, *asked: dict[str, Any]) -> list[str]:
    async def run() -> list[str]:
        return [await ask(app, **one) for one in asked]

    return asyncio.run(run())


def test_how_old_an_answer_may_be() -> None:
    assert age_of("") == age_of("no-cache") == age_of("max-age=0") == 0.0
    assert age_of("max-age=4") == age_of("no-transform, Max-Age=4") == 4.0
    assert age_of("max-age=99999") == module.OLDEST
    for nothing in ("s-max-age=4", "max-age=-4", "max-age=4s", "max-age=4, no-cache", "max-age=٤"):
        assert age_of(nothing) == 0.0


def test_who_does_not_mind_gets_the_last_answer() -> None:
    app = Again(Behind())
    assert several(app, {}, {"headers": OLD}, {}, {"headers": OLD}) == ["1", "1", "2", "2"]
    assert several(app, {"headers": OLD, "query": "branch=b"}) == ["3"]
    assert several(app, {"headers": OLD, "method": "POST"}) == ["4"]


def test_an_answer_that_is_too_old_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Again(Behind(lambda number: KeptAnswer(b"%d" % number, "a", time.monotonic() - 9.0)))
    asked = [{"headers": {"cache-control": f"max-age={age}"}} for age in (20, 20, 10, 8)]
    assert several(app, *asked) == ["1", "1", "1", "2"]


def test_only_who_may_see_the_session_gets_it() -> None:
    behind = Behind()
    app = Again(behind)
    several(app, {}, {"headers": OLD, "person": STRANGER}, {"headers": OLD, "person": None})
    assert behind.asked == 3


def test_what_lasts_is_given_again_to_all_that_have_it_not() -> None:
    app = Again(Behind(lambda number: kept(number, lasts=True)))
    assert several(app, {}, {}, {"headers": {"if-none-match": '"tag"'}}) == ["1", "1", "2"]


def test_other_answers_are_not_kept() -> None:
    app = Again(Behind(lambda number: PlainTextResponse(str(number))))
    assert several(app, {}, {"headers": OLD}) == ["1", "2"]


def test_many_that_ask_at_once_get_what_the_first_is_given() -> None:
    behind = Behind()
    app = Again(behind)

    async def run() -> list[str]:
        return await asyncio.gather(*(ask(app, OLD) for _ in range(20)))

    assert asyncio.run(run()) == ["1"] * 20
    assert behind.asked == 1


def test_nobody_waits_for_who_wants_all_that_has_happened() -> None:
    async def run() -> list[str]:
        app = Again(Behind())
        return await asyncio.gather(ask(app), ask(app), ask(app, {"cache-control": "no-cache"}))

    assert asyncio.run(run()) == ["1", "2", "3"]


def test_what_goes_wrong_for_the_first_is_asked_by_the_next() -> None:
    failed: list[int] = []

    def answer(number: int) -> KeptAnswer:
        if number == 1:
            failed.append(number)
            raise RuntimeError("a defect")
        return kept(number)

    async def run() -> list[Any]:
        app = Again(Behind(answer))
        return await asyncio.gather(*(ask(app, OLD) for _ in range(2)), return_exceptions=True)

    first, second = asyncio.run(run())
    assert isinstance(first, RuntimeError)
    assert second == "2"


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 250)
    monkeypatch.setattr(module, "_LARGEST", 150)
    sizes = iter([100, 100, 200, 100])
    behind = Behind(lambda _: KeptAnswer(b"x" * next(sizes), "a", time.monotonic()))
    app = Again(behind)
    several(app, *({"path": f"/api/{name}"} for name in "abcd"))
    several(app, *({"path": f"/api/{name}", "headers": OLD} for name in "bd"))
    assert behind.asked == 4, "the newest that fit are kept"
    sizes = iter([1, 1])
    several(app, *({"path": f"/api/{name}", "headers": OLD} for name in "ac"))
    assert behind.asked == 6
