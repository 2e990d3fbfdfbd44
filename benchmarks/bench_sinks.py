"""Delivering to ISPyB: how far behind it is at a microscope's pace, and how fast it catches up.

    python benchmarks/bench_sinks.py [--movies 10000] [--paced 15]

MariaDB runs on this machine with the tables of ISPyB. Documents are real, images are not: nothing
but reading a session, making rows and writing them is measured. Figures are on the page
explanation/delivering-results.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from datetime import UTC
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from sqlalchemy import make_url

import mariadb_server
from icestream.facility.sinks.deliver import SessionDelivery
from icestream.facility.sinks.ispyb.sink import IspybSink
from icestream.facility.sinks.ledger import SinkLedger
from sink_sessions import DeliveredSession, delivery

EVERY = 6.0
"""Seconds between two movies at 600 an hour."""


def paced(session: DeliveredSession, one: SessionDelivery, count: int) -> list[float]:
    """Seconds from the commit of an exposure's last result to its rows, of some exposures."""
    stop = threading.Event()

    def follow() -> None:
        while not stop.is_set():
            if one.news():
                one.run()
            stop.wait(0.1)

    thread = threading.Thread(target=follow)
    thread.start()
    looking = SinkLedger(session.folder, one.name, readonly=True)
    lags = []
    for _ in range(count):
        began = time.monotonic()
        session.grow(1)
        while looking.key(f"verdict:{session.total}") is None:
            time.sleep(0.01)
        lags.append(time.monotonic() - began)
        time.sleep(max(0.0, EVERY - lags[-1]))
    stop.set()
    thread.join()
    return lags


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--movies", type=int, default=10_000)
    asked.add_argument("--paced", type=int, default=15)
    given = asked.parse_args()
    with mariadb_server.server() as server, tempfile.TemporaryDirectory() as folder:
        engine = server.make_ispyb("ispyb")
        session = DeliveredSession(Path(folder) / "s")
        sink = IspybSink(make_url(server.url("ispyb")), UTC, "em-spa-preprocess")
        session.grow(given.movies)
        with delivery(session, sink, booked="cm31111-5") as one:
            began, cpu = time.monotonic(), time.process_time()
            count = one.run()
            took, used = time.monotonic() - began, time.process_time() - cpu
            print(f"{given.movies} movies, {count} rows in {took:.1f} s: {count / took:.0f} rows/s")
            print(f"CPU of this process: {1000 * used / given.movies:.1f} ms a movie")
            lags = paced(session, one, given.paced)
            print(f"lag at 600 movies an hour: median {statistics.median(lags):.2f} s, "
                  f"most {max(lags):.2f} s of {len(lags)}")  # fmt: skip
        sink.close()
        engine.dispose()


if __name__ == "__main__":
    main()
