"""Documents of results, the recent ones kept in memory."""

from collections import OrderedDict
from collections.abc import Iterable

from sqlalchemy import Connection, select

from icestream.store import tables as t

__all__ = ["Documents"]


class Documents:
    """Documents of results by their numbers; the recent ones come from memory."""

    def __init__(self, most: int = 2048) -> None:
        self._most = most
        self._recent: OrderedDict[int, str] = OrderedDict()

    def remember(self, result: int, document: str) -> None:
        """Keep a document that was written just now: its readers come soon."""
        self._recent[result] = document
        if len(self._recent) > self._most:
            self._recent.popitem(last=False)

    def get(self, connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
        """The documents of these results."""
        wanted = set(numbers)
        documents = {result: self._recent[result] for result in wanted if result in self._recent}
        missing = wanted - documents.keys()
        if missing:
            chosen = select(t.result.c.id, t.result.c.document).where(
                t.result.c.id.in_(list(missing))
            )
            documents.update({int(result): text for result, text in connection.execute(chosen)})
        return documents
