import threading

from icestream.threads import in_threads


def test_results_keep_their_order():
    assert in_threads(lambda n: n * n, range(20), 3) == [n * n for n in range(20)]


def test_one_thread_is_the_callers_own():
    assert in_threads(lambda _: threading.get_ident(), range(3), 1) == [threading.get_ident()] * 3


def test_no_more_threads_than_lent():
    together, most, lock = 0, 0, threading.Lock()

    def work(_):
        nonlocal together, most
        with lock:
            together += 1
            most = max(most, together)
        threading.Event().wait(0.01)
        with lock:
            together -= 1

    in_threads(work, range(12), 3)
    assert most == 3
