"""The application as a whole: every route is documented and refuses in the same form."""

from fastapi.testclient import TestClient

from icestream import __version__


def test_the_document_names_every_operation_once_and_how_it_refuses(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["info"]["version"] == __version__
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    for operation in operations:
        refused = operation["responses"]["422"]["content"]["application/json"]["schema"]
        assert refused == {"$ref": "#/components/schemas/ErrorAnswer"}
        assert operation["description"]


def test_nothing_is_loaded_from_another_host(client: TestClient) -> None:
    for page in ("/docs", "/redoc"):
        assert "https://" not in client.get(page).text


def test_what_is_kept_ends_with_the_application(client: TestClient) -> None:
    closed = []

    class Kept:
        def close(self) -> None:
            closed.append(self)

    kept = client.app.state.server.one(Kept, lambda server: Kept())  # type: ignore[attr-defined]
    client.__exit__()
    assert closed == [kept]
