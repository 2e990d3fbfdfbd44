"""Ways by which alerts reach people, over HTTP."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.server.people.gate import visitors_of
from icestream.settings import load
from post_office import Sink
from report_session import SampleSession

SETTINGS = """
[channels.log]
kind = "log"
path = "{0}/alerts.log"
quiet = "22:00-07:00"

# the chat of the room
[channels.chat]
kind = "slack"
url = "http://127.0.0.1:9/services/SECRET"

[channels.pager]
kind = "command"
command = ["/opt/page"]
"""


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    root = tmp_path / "sessions"
    root.mkdir(exist_ok=True)
    file = tmp_path / "settings.toml"
    file.write_text(SETTINGS.format(tmp_path))
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(file))
    with (
        closing(Server([root], load(state=tmp_path / "state"))) as server,
        TestClient(create_app(server), base_url="http://127.0.0.1:8000") as made,
    ):
        yield made


def test_they_are_listed_without_what_is_secret(client: TestClient, tmp_path: Path) -> None:
    said = client.get("/api/channels")
    log, chat, _ = said.json()
    assert (log["kind"], log["quiet"], log["place"]) == (
        "log", "22:00-07:00", f"{tmp_path}/alerts.log",
    )  # fmt: skip
    assert chat["place"] == "127.0.0.1:9"
    assert chat["origin"] == str(tmp_path / "settings.toml")
    assert "SECRET" not in said.text


def test_one_is_tried(client: TestClient, tmp_path: Path) -> None:
    found = client.post("/api/channels/log/test").json()
    assert found["delivered"], found["words"]
    (line,) = (tmp_path / "alerts.log").read_text().splitlines()
    assert "trial" in json.loads(line)["subject"]
    found = client.post("/api/channels/chat/test")
    assert (found.json()["delivered"], "SECRET" in found.text) == (False, False)
    said = client.post("/api/channels/lg/test")
    assert (said.status_code, "did you mean log?" in said.json()["message"]) == (404, True)


def test_what_became_of_an_alert_is_told(sample: SampleSession, client: TestClient) -> None:
    (session,) = client.get("/api/sessions").json()
    said = client.get(f"/api/sessions/{session['id']}/alerts/1/deliveries")
    assert said.json() == []


def revision(client: TestClient) -> str:
    return str(client.get("/api/settings").json()["revision"])


def add(client: TestClient, name: str, **channel: Any) -> Any:
    asked = {"name": name, "channel": channel, "revision": revision(client)}
    return client.post("/api/channels", json=asked)


def put(client: TestClient, name: str, **channel: Any) -> Any:
    asked = {"channel": channel, "revision": revision(client)}
    return client.put(f"/api/channels/{name}", json=asked)


def test_one_is_added_tried_changed_and_removed(client: TestClient, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    before = file.read_text()
    with Sink() as sink:
        hook = {"kind": "webhook", "url": sink.url, "token": "t0psecret"}
        found = client.post("/api/channels/test", json={"name": "hook", "channel": hook})
        assert found.json()["delivered"], found.text
        assert sink.headers[0]["Authorization"] == "Bearer t0psecret"
        assert file.read_text() == before
        done = add(client, "hook", **hook)
        assert done.status_code == 201, done.text
        assert done.json()["holds"] == "new sessions"
        assert file.read_text().startswith(before)
        # What is not given anew is kept, and goes where it went.
        done = put(client, "hook", kind="webhook", levels=["critical"], quiet="22:00-07:00")
        assert done.status_code == 200, done.text
        assert "channels.hook.levels: not said → critical" in done.json()["words"]
        assert client.post("/api/channels/hook/test").json()["delivered"]
        assert sink.headers[1]["Authorization"] == "Bearer t0psecret"
        kept = client.post("/api/channels/test", json={"name": "hook", "channel": hook | {
            "token": None}})  # fmt: skip
        assert kept.json()["delivered"]
        assert "Authorization" not in sink.headers[2]
    read = client.get("/api/channels/hook").json()
    assert read == {
        "name": "hook", "locked": None, "secrets": {"url": "here", "token": "here"},
        "values": {"kind": "webhook", "levels": ["critical"], "quiet": "22:00-07:00"},
    }  # fmt: skip
    done = client.delete("/api/channels/hook", params={"revision": revision(client)})
    assert done.status_code == 200
    assert file.read_text() == before
    assert client.get("/api/channels/hook").status_code == 404


def test_what_is_secret_is_in_no_answer_and_no_log(client: TestClient, server_log: Any) -> None:
    url = "https://chat.example.org/hooks/t0psecret"
    answers = [add(client, "room", kind="teams", url=url), put(client, "room", kind="teams")]
    answers += [add(client, "other", kind="teams", url=url, quiet="t0psecret?")]
    answers += [client.get(f"/api/{path}") for path in ("channels/room", "settings", "audit")]
    assert [one.status_code for one in answers] == [201, 200, 422, 200, 200, 200]
    assert '"what":"quiet' not in answers[2].text
    for one in answers[:2] + answers[3:]:
        assert "t0psecret" not in one.text
    assert "/hooks/" not in answers[2].text
    assert "t0psecret" not in server_log()


@pytest.fixture
def server_log(caplog: pytest.LogCaptureFixture, client: TestClient) -> Any:
    from icestream.server.log_lines import LogLines

    server = client.app.state.server  # type: ignore[attr-defined]
    lines = server.one(LogLines, lambda _: LogLines())
    return lambda: " ".join(line.text for line in lines.newest(500)) + caplog.text


@pytest.mark.parametrize(
    ("channel", "status", "why"),
    [
        ({"kind": "command", "command": ["/bin/sh", "-c", "id"]}, 403, "names a program"),
        ({"kind": "log", "path": "/root/.bashrc"}, 403, "names a file that this machine writes"),
        ({"kind": "pigeon"}, 422, "there is no kind of channels 'pigeon'"),
        ({}, 422, "there is no kind of channels ''"),
        ({"kind": ["email"]}, 422, "there is no kind"),
        ({"kind": "slack", "url": {"file": "/etc/shadow"}}, 422, "given as text here"),
        ({"kind": "slack", "url": {"env": "HOME"}}, 422, "given as text here"),
        ({"kind": "slack", "url": ""}, 422, "given as text here"),
        ({"kind": "slack", "url": "file:///etc/passwd"}, 422, "begin with https:// or http://"),
        ({"kind": "slack", "url": "http://[x"}, 422, "begin with https:// or http://"),
        ({"kind": "slack"}, 422, "Field required"),
        ({"kind": "teams", "url": "https://a", "certificates": "/etc/shadow"}, 422, "a file of"),
        ({"kind": "teams", "url": "https://a", "colour": "red"}, 422, "there is no 'colour'"),
        ({"kind": "teams", "url": "https://a", "quiet": "never"}, 422, "no hours such as"),
        ({"kind": "teams", "url": "https://a", "gather": 9999}, 422, "at most 3600"),
        ({"kind": "webhook", "url": "https://a\ud800"}, 422, "not a letter"),
    ],
)
def test_what_a_browser_may_not_say_is_refused_and_changes_nothing(
    client: TestClient, tmp_path: Path, channel: dict[str, Any], status: int, why: str
) -> None:
    before = (tmp_path / "settings.toml").read_text()
    kept = {"name": "bad", "channel": channel, "revision": revision(client)}
    for path, asked in (("", kept), ("/test", {"name": "bad", "channel": channel})):
        said = client.post(
            f"/api/channels{path}", content=json.dumps(asked),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        assert said.status_code == status, said.text
        assert why in said.text
        if status == 422:
            assert said.json()["problems"][0]["where"] in (*channel, "kind", "url")
    assert (tmp_path / "settings.toml").read_text() == before


def test_a_program_is_neither_changed_nor_made_of_another_channel(
    client: TestClient, tmp_path: Path
) -> None:
    said = put(client, "pager", kind="slack", url="https://a")
    assert (said.status_code, "is not changed in a browser" in said.text) == (403, True)
    assert put(client, "chat", kind="command", command=["id"]).status_code == 403
    assert "names a program" in client.get("/api/channels/pager").json()["locked"]
    gone = client.delete("/api/channels/pager", params={"revision": revision(client)})
    assert gone.status_code == 200
    assert "pager" not in (tmp_path / "settings.toml").read_text()


def test_a_kept_secret_goes_nowhere_else(client: TestClient, tmp_path: Path) -> None:
    """Whoever changes where it goes would get to know it."""
    mail = {
        "kind": "email", "server": "mail.example.org", "user": "ice", "sender": "a@b.org",
        "to": ["c@d.org"],
    }  # fmt: skip
    assert add(client, "mail", **mail, password="t0psecret").status_code == 201
    assert put(client, "mail", **mail, levels=["notice"]).status_code == 200
    for other in ({"server": "evil.example.org"}, {"port": 2525}, {"user": "eve"},
                  {"security": "tls"}):  # fmt: skip
        for said in (
            put(client, "mail", **mail | other),
            client.post("/api/channels/test", json={"name": "mail", "channel": mail | other}),
        ):
            assert said.status_code == 422
            assert said.json()["problems"][0] == {
                "where": "password",
                "what": "give it again: what is kept goes nowhere but where it was given for",
            }
    hook = {"kind": "webhook", "url": "https://good.example.org/x"}
    assert add(client, "hook", **hook, token="t0psecret").status_code == 201
    assert put(client, "hook", kind="webhook", url="https://evil.example.org").status_code == 422
    assert put(client, "hook", kind="teams").status_code == 422
    without = {name: value for name, value in mail.items() if name != "user"}
    assert put(client, "mail", **without).status_code == 200
    assert "password" not in client.get("/api/channels/mail").json()["secrets"]


def test_secrets_in_files_stay_where_they_are(client: TestClient, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[channels.room]\nkind = "teams"\nurl = { env = "TEAMS" }  # of the group\n')
    assert client.get("/api/channels/room").json()["secrets"] == {"url": "environment"}
    assert put(client, "room", kind="teams", levels=["critical"]).status_code == 200
    assert 'url = { env = "TEAMS" }  # of the group' in file.read_text()


def test_who_changed_what_is_in_the_audit_log(client: TestClient) -> None:
    add(client, "room", kind="teams", url="https://a/t0psecret")
    visitors = visitors_of(client.app.state.server)  # type: ignore[attr-defined]
    entries = visitors.audit.entries(limit=2)
    assert {one.what for one in entries} == {"POST /api/channels", "settings changed"}
    (entry,) = [one for one in entries if one.what == "settings changed"]
    assert "channels.room.url: not said → (set)" in entry.details["change"]


def test_one_that_is_there_is_not_added_again_and_one_that_is_not_is_not_changed(
    client: TestClient,
) -> None:
    assert add(client, "chat", kind="teams", url="https://a").status_code == 409
    said = put(client, "chta", kind="teams", url="https://a")
    assert (said.status_code, "did you mean chat?" in said.text) == (404, True)
    assert client.delete("/api/channels/no", params={"revision": "x"}).status_code == 404
    old = client.delete("/api/channels/chat", params={"revision": "x"})
    assert (old.status_code, "have changed since" in old.text) == (409, True)
    named = add(client, "two words", kind="teams", url="https://a")
    assert named.status_code == 422
