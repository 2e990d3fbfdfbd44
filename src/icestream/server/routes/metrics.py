"""Figures for a monitoring system, such as Prometheus."""

from fastapi import APIRouter, Request
from prometheus_client.exposition import choose_encoder
from starlette.responses import Response

from icestream.server.access import Role, person_of
from icestream.server.context import ThisServer
from icestream.server.errors import Refused
from icestream.server.metrics.shared import metrics_of
from icestream.server.people.tokens import METRICS

__all__ = ["router"]

router = APIRouter(tags=["figures"])


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request, server: ThisServer) -> Response:
    """State of sessions and of this server, in Prometheus' text format.

    For staff and their tokens with the scope ``metrics``, ``staff`` or ``admin``; where nobody has
    to log in, for all who are here.
    """
    _check(request)
    encode, kind = choose_encoder(request.headers.get("accept", ""))
    said: bytes = encode(metrics_of(server).registry)
    return Response(said, headers={"Content-Type": kind, "Cache-Control": "no-store"})


def _check(request: Request) -> None:
    person = person_of(request)
    # The figures are of every session: a token reads them whose owner, now, and itself see all.
    named = METRICS in person.scopes and person.sees_all
    if person.only is not None or not (named or person.role.covers(Role.STAFF)):
        raise Refused(
            403,
            f"{person.name} may not read the figures of this server",
            f"ask staff for a token with the scope {METRICS}",
        )
