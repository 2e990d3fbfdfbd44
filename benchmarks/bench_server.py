"""What reading a session over HTTP costs the server, at 10,000 and 100,000 exposures.

    python benchmarks/bench_server.py [--folder FOLDER] [--quick]

The sessions are made first, unless they are in the folder from before (a minute, and three). Every
route is asked in a process of its own, without a network; what is printed is CPU time of the second
time that it is asked, with other values than the first, and the largest resident size. Figures:
docs/reference/rest.md.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from large_session import make

ROUTES = {
    "a page of the table": "exposures?limit={limit}",
    "two filters, sorted by a third": (
        "exposures?where=ctf.resolution:3:4&where=ctf.astigmatism::300&sort=ctf.defocus"
        "&descending=true&at=5000&limit={limit}"
    ),
    "columns of three values, 3000 of them": (
        "columns?names=time,ctf.resolution,ctf.defocus&most=30{limit:02d}"
    ),
    "one histogram": "histograms?names=ctf.resolution&where=number:{limit}:",
    "qualities": "qualities",
    "where a session stands": "live",
}
BARS = {"two filters, sorted by a third": 0.5, "columns of three values, 3000 of them": 0.3}
"""Seconds at 100,000 exposures on a machine that does nothing else."""


def ask(folder: Path, path: str) -> dict[str, float]:
    """CPU seconds of the first and of the second answer, and the largest size of the process."""
    from fastapi.testclient import TestClient

    from icestream.server.app import create_app
    from icestream.server.context import Server
    from icestream.settings import load

    costs = []
    with TestClient(create_app(Server([folder], load())), base_url="http://localhost") as client:
        (session,) = client.get("/api/sessions").json()
        client.get(f"/api/sessions/{session['id']}/exposures?limit=1")
        for limit in (99, 98):
            began = time.process_time()
            answer = client.get(f"/api/sessions/{session['id']}/{path.format(limit=limit)}")
            costs.append(time.process_time() - began)
            answer.raise_for_status()
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"first": costs[0], "second": costs[1], "megabytes": size}


def main() -> int:
    """Measure every route at both sizes; 1 when a bar is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, help="where the sessions are, or will be")
    parser.add_argument("--quick", action="store_true", help="10,000 exposures alone")
    parser.add_argument("--ask", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ask:
        print(json.dumps(ask(Path(given.ask[0]), given.ask[1])))
        return 0
    missed = False
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        sizes = (10_000,) if given.quick else (10_000, 100_000)
        for size in sizes:
            make(folder / f"of{size}" / "session", size)
        print("| asked | exposures | first | again | resident |\n|---|---|---|---|---|")
        for what, path in ROUTES.items():
            for size in sizes:
                command = [sys.executable, __file__, "--ask", str(folder / f"of{size}"), path]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found = json.loads(done.stdout.splitlines()[-1])
                bar = BARS.get(what, float("inf"))
                missed = missed or found["second"] > bar
                print(
                    f"| {what} | {size:,} | {1e3 * found['first']:.0f} ms"
                    f" | {1e3 * found['second']:.0f} ms | {found['megabytes']:.0f} MB |",
                    flush=True,
                )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
