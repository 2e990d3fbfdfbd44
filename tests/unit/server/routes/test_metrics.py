"""Prometheus itself reads the figures; nobody else does who has no right to."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from icestream.server.access import Person, Role
from icestream.server.people.doors import Doors
from icestream.server.people.tokens import METRICS
from icestream.server.routes import metrics
from post_office import free_port
from report_session import SampleSession
from served import served


def test_the_text_is_prometheus_own(client: TestClient) -> None:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert families["icestream_sessions"].samples
    assert families["process_resident_memory_bytes"].samples
    open_metrics = client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert open_metrics.text.endswith("# EOF\n")


def test_where_people_log_in_a_program_on_this_machine_needs_a_token_too(
    sample: SampleSession,
) -> None:
    with served(sample.folder.parent, doors=Doors(login=True)) as address:
        refused = httpx2.get(f"{address}/metrics")
        assert refused.status_code == 401
        assert refused.json()["advice"]


@pytest.mark.parametrize(
    ("person", "status"),
    [
        (Person(name="ann", scopes=frozenset({METRICS}), sees_all=True), 200),
        # The token of somebody who was staff once.
        (Person(name="ann", scopes=frozenset({METRICS})), 403),
        (Person(name="ann", role=Role.STAFF), 200),
        (Person(name="ann", role=Role.STAFF, scopes=frozenset({"staff"}), sees_all=True), 200),
        (Person(name="ann", role=Role.STAFF, sees_all=True, only=frozenset({"u1"})), 403),
        (Person(name="ann", role=Role.OPERATOR, sees_all=True), 403),
        (Person(name="ann"), 403),
    ],
)
def test_others_need_the_scope(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, person: Person, status: int
) -> None:
    monkeypatch.setattr(metrics, "person_of", lambda request: person)
    answer = client.get("/metrics")
    assert answer.status_code == status
    assert status == 200 or METRICS in answer.json()["advice"]


@contextmanager
def prometheus(folder: Path, target: str) -> Iterator[str]:
    """A Prometheus that reads the figures of a server each second; gives its address."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed (Debian: prometheus)")
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [
            {"job_name": "icestream", "static_configs": [{"targets": [target]}]},
        ],
    }
    folder.mkdir()
    (folder / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
    address = f"127.0.0.1:{free_port()}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address={address}",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    try:
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(20)


def asked(address: str, query: str) -> list[dict]:
    """What Prometheus answers to a query; empty until it has something."""
    try:
        answer = httpx2.get(f"{address}/api/v1/query", params={"query": query}, timeout=5)
        return answer.json()["data"]["result"] if answer.status_code == 200 else []
    except httpx2.TransportError:
        return []


def test_a_real_prometheus_reads_them(sample: SampleSession, tmp_path: Path) -> None:
    with (
        served(sample.folder.parent) as address,
        prometheus(tmp_path / "prometheus", address.removeprefix("http://")) as monitor,
    ):
        deadline = time.monotonic() + 60
        query = 'icestream_session_exposures{job="icestream",state="done"}'
        while not (found := asked(monitor, query)):
            assert time.monotonic() < deadline, (tmp_path / "prometheus" / "log").read_text()
            time.sleep(0.3)
        done = float(found[0]["value"][1])
        assert done > 20
        assert asked(monitor, "up")[0]["value"][1] == "1"
        sample.grow(10)
        while float(asked(monitor, query)[0]["value"][1]) <= done:
            assert time.monotonic() < deadline
            time.sleep(0.3)
        rate = "histogram_quantile(0.95, sum by (le) (icestream_server_request_seconds_bucket))"
        assert 0 < float(asked(monitor, rate)[0]["value"][1]) < 10


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_finds_nothing_to_better(client: TestClient) -> None:
    """Names, units and help are as Prometheus' own rules want them."""
    text = "".join(
        f"{line}\n" for line in client.get("/metrics").text.splitlines() if "process_" not in line
    )
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
