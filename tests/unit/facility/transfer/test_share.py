"""One bandwidth and some streams, shared by all."""

import threading

import pytest

from icestream.facility.transfer.share import BandwidthShare


def test_who_is_alone_has_all_and_two_have_half() -> None:
    share = BandwidthShare(4, 100.0)
    with share.stream() as first:
        assert first == 100.0
    got: list[float | None] = []
    ready, go = threading.Barrier(2), threading.Event()

    def copy() -> None:
        ready.wait()
        with share.stream() as limit:
            got.append(limit)
            go.wait(10)

    # Both ask while a third has all, so that both wait when it is through.
    with share.stream() as whole:
        assert whole == 100.0
        threads = [threading.Thread(target=copy) for _ in range(2)]
        for thread in threads:
            thread.start()
        while len(share._waiting) < 2:
            threading.Event().wait(0.01)
    while len(got) < 2:
        threading.Event().wait(0.01)
    go.set()
    for thread in threads:
        thread.join()
    assert got == [50.0, 50.0]


def test_no_more_than_so_many_at_once_and_first_come_first_served() -> None:
    share = BandwidthShare(1)
    stopped = threading.Event()
    order: list[str] = []

    def copy(name: str) -> None:
        with share.stream():
            order.append(name)

    with share.stream() as limit:
        assert limit == 0.0
        threads = []
        for name in "abc":
            threads.append(threading.Thread(target=copy, args=(name,)))
            threads[-1].start()
            while len(share._waiting) < len(threads):
                threading.Event().wait(0.01)
        stopped.set()
        with share.stream(stopped) as none:
            assert none is None
    for thread in threads:
        thread.join()
    assert order == ["a", "b", "c"]


def test_what_fails_gives_its_stream_back() -> None:
    share = BandwidthShare(1, 10.0)
    with pytest.raises(OSError, match="full"), share.stream():
        raise OSError("full")
    with share.stream() as limit:
        assert limit == 10.0


def test_what_a_thread_has_that_hangs_is_given_to_others() -> None:
    share, over, got = BandwidthShare(1), threading.Event(), threading.Event()

    def hang() -> None:
        with share.stream():
            got.set()
            over.wait()

    thread = threading.Thread(target=hang, daemon=True)
    thread.start()
    assert got.wait(30.0)
    share.give_up(thread.ident or 0)
    with share.stream() as limit:
        assert limit == 0.0
        over.set()
        thread.join(30.0)
        assert share._part(99) is None  # its own end gave back nothing that is another's
