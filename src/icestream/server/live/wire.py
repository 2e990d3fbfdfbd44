"""How news are written: messages of a WebSocket, and blocks of a stream of server-sent events."""

import json
from collections.abc import Collection, Iterator

from icestream.server.live.topics import News

__all__ = ["beat", "blocks", "message", "refusal"]


def message(topic: str, news: News) -> str:
    """News of a topic as a message of the WebSocket."""
    said = f'"topic": {json.dumps(topic)}'
    if news.problem:
        return f'{{{said}, "error": {json.dumps(news.problem)}}}'
    if news.reset:
        return f'{{{said}, "seq": {news.seq}, "reset": true}}'
    events = "[]" if news.batch is None else news.batch.text
    counted = f", {news.counted}" if news.counted else ""
    return f'{{{said}, "seq": {news.seq}, "events": {events}{counted}}}'


def refusal(error: str, topic: str | None = None) -> str:
    """What is wrong with what a client sent."""
    return json.dumps({"error": error} if topic is None else {"topic": topic, "error": error})


def blocks(news: News, kinds: Collection[str] = ()) -> Iterator[str]:
    """News of a session as blocks of server-sent events.

    Parameters
    ----------
    news
        What is said.
    kinds
        Of the events that are wanted; all when none is named.
    """
    if news.problem:
        yield f"event: problem\ndata: {json.dumps({'message': news.problem})}\n\n"
        return
    if news.reset:
        yield f"id: {news.seq}\nevent: reset\ndata: {{}}\n\n"
        return
    events = news.batch.events if news.batch is not None else ()
    wanted = [event for event in events if not kinds or event.kind in kinds]
    for event in wanted:
        yield f"id: {event.seq}\nevent: {event.kind}\ndata: {event.text}\n\n"
    if not wanted or wanted[-1].seq != news.seq:
        yield beat(news.seq)


def beat(place: int) -> str:
    """A block without an event: the place from which to go on."""
    return f"id: {place}\n: \n\n"
