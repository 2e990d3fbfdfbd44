"""Protocols as forms and palettes need them."""

from importlib.metadata import EntryPoint

from fastapi.testclient import TestClient

from icestream.protocol import Registry
from icestream.server.context import Server


def test_ports_say_what_fits_and_parameters_have_a_schema(client: TestClient) -> None:
    listed = {one["name"]: one for one in client.get("/api/protocols").json()}
    ctf = listed["ctf.estimate"]
    (port,) = [one for one in ctf["inputs"] if one["name"] == "micrograph"]
    assert (port["type"], port["optional"]) == ("Micrograph", False)
    assert "movies.align.micrograph" in port["fits"]
    assert "import.movie" not in port["fits"]
    assert "exposures.select.ctf" in ctf["outputs"][0]["fits"]
    defocus = ctf["schema"]["properties"]["defocus_max"]
    assert (defocus["x-unit"], defocus["maximum"]) == ("µm", 20)
    assert defocus["description"] == "Largest underfocus to search."
    assert ctf["defaults"]["defocus_max"] == 5.0
    timeout = listed["movies.import"]["schema"]["properties"]["idle_timeout"]
    assert timeout["x-shown-if"] == {"field": "watch", "values": []}
    assert client.get("/api/protocols/ctf.estimate").json() == ctf


def test_one_that_is_unknown_or_broken_says_so(client: TestClient, server: Server) -> None:
    said = client.get("/api/protocols/ctf.estimat")
    assert said.status_code == 404
    assert "did you mean ctf.estimate" in said.json()["message"]
    server.registry = Registry([EntryPoint("x.y", "no_such_module:X", "icestream.protocols")])
    (broken,) = client.get("/api/protocols").json()
    assert "no_such_module" in broken["broken"]


def test_what_may_follow_is_suggested(client: TestClient) -> None:
    first = client.get("/api/protocols/movies.align/suggestions").json()[0]
    assert (first["protocol"], first["source"]) == ("ctf.estimate", "workflows")
    assert first["why"] == (
        f"in {first['count']} of the {first['of']} ready workflows with movies.align"
    )
    said = client.get("/api/protocols/ctf.estimat/suggestions")
    assert said.status_code == 404
    assert "did you mean ctf.estimate" in said.json()["message"]
