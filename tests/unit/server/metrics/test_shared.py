"""The server measures itself: requests by route, and who listens."""

import asyncio

from fastapi.testclient import TestClient

from icestream.server.context import Server
from icestream.server.live.hub import Listener, hub_of
from icestream.server.metrics.shared import metrics_of


def test_requests_are_measured_by_operation(client: TestClient, server: Server) -> None:
    session_id = client.get("/api/sessions").json()[0]["id"]
    for _ in range(3):
        client.get("/api/sessions")
    client.get("/api/nothing/of/that/name")
    client.get(f"/api/sessions/{session_id}/events/stream?after=tomorrow")
    read = metrics_of(server).registry.get_sample_value

    def count(operation: str, status: str) -> float | None:
        labels = {"method": "GET", "operation": operation, "status": status}
        return read("icestream_server_request_seconds_count", labels)

    assert count("list_sessions", "200") == 4
    assert count("stream_events", "422") == 1
    assert count("front_end", "404") == 1
    labels = {"method": "GET", "operation": "list_sessions", "status": "200"}
    assert 0 < (read("icestream_server_request_seconds_sum", labels) or 0) < 60


def test_who_listens_is_counted(server: Server, sample: object) -> None:
    async def check() -> None:
        hub = hub_of(server)
        read = metrics_of(server).registry.get_sample_value
        with Listener(hub, "websocket") as listener:
            listener.listen("x", hub.session(server.catalogue.entries()[0].id))
            assert read("icestream_server_connections", {"kind": "websocket"}) == 1
            assert read("icestream_server_connections", {"kind": "stream"}) == 0
            assert read("icestream_server_sessions_followed") == 1
        assert read("icestream_server_connections", {"kind": "websocket"}) == 0

    asyncio.run(check())
    read = metrics_of(server).registry.get_sample_value
    assert read("process_resident_memory_bytes") > 1e7
