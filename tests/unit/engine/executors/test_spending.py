"""What attempts take: their own processor time and memory, and those of the programs they run."""

import subprocess
import sys
import time

import numpy as np

from icestream.engine.executors.spending import Spending

MIB = 2**20


def busy(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def program(code: str) -> None:
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def test_waiting_costs_nothing() -> None:
    spending = Spending()
    time.sleep(0.3)
    assert spending.so_far().cpu < 0.1
    busy(0.2)
    assert 0.19 < spending.so_far().cpu < 0.5


def test_a_program_counts_with_who_runs_it() -> None:
    spending = Spending()
    program("import time\nwhile time.process_time() < 0.3: pass")
    assert spending.so_far().cpu > 0.28


def test_the_peak_is_that_of_now_and_not_that_of_before() -> None:
    large = np.ones(64 * MIB, dtype=np.uint8)
    before = Spending().so_far().memory
    del large
    small = Spending().so_far().memory
    assert before is not None
    assert small is not None
    assert before - small > 50 * MIB


def test_a_program_that_is_larger_than_all_before_is_known() -> None:
    own = Spending().so_far().memory
    assert own is not None
    wanted = own + 200 * MIB
    spending = Spending()
    program(f"data = b'x' * {int(wanted)}")
    memory = spending.so_far().memory
    assert memory is not None
    assert wanted < memory < wanted + 100 * MIB
    spending = Spending()
    program("pass")
    assert spending.so_far().memory is None, "the larger one before hides how large it was"
    assert Spending().so_far().memory is not None, "nothing was run"
