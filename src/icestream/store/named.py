"""Exposures by their names, found through the index of subjects whatever else is asked of them."""

from typing import Any

from sqlalchemy import ScalarSelect, select

from icestream.store import tables as t

__all__ = ["exposure_id"]


def exposure_id(name: str) -> ScalarSelect[Any]:
    """Number of the exposure called `name`, for a condition of another query.

    As a value of its own it is known before the rest is looked for. Where subjects are joined and
    asked for their name instead, SQLite goes through all tasks of a session.
    """
    subject = t.subject.c
    chosen = select(subject.id).where(
        subject.kind == "exposure", subject.family == "", subject.name == name
    )
    return chosen.scalar_subquery()
