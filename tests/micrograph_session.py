"""A made-up session of movies, turned into one of micrographs that were aligned elsewhere."""

import json
from dataclasses import replace

from sqlalchemy import select

from icestream.model import Micrograph, from_document, to_document, type_name
from icestream.store import tables as t
from report_session import SampleSession


def make_micrographs(session: SampleSession) -> None:
    """Let what was imported be micrographs, whose Cs is of a preset."""
    assumed = (("spherical_aberration", "preset krios1"),)
    with session.store.write() as connection:
        results = connection.execute(select(t.result.c.id, t.result.c.document)).all()
        documents = {row.id: json.loads(row.document) for row in results}
        made = next(found["micrograph"] for found in documents.values() if "micrograph" in found)
        item = replace(from_document(Micrograph, made), motion=None, assumed=assumed)
        for number, found in documents.items():
            if "movie" in found:
                values = {
                    "document": json.dumps({"movie": to_document(item)}),
                    "types": json.dumps({"movie": type_name(Micrograph)}),
                }
                connection.execute(
                    t.result.update().where(t.result.c.id == number).values(**values)
                )
