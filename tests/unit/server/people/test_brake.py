"""Brakes: waits grow, are forgotten, and cannot be made to fill the memory."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from icestream.server.people import brake as brakes
from icestream.server.people.brake import Brake, Bucket, TooMany, network_of


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_some_failures_are_free_and_then_the_wait_doubles() -> None:
    clock = Clock()
    brake = Brake(3, first=1, longest=10, clock=clock)
    for _ in range(3):
        brake.begin("ada")
    waits = []
    for _ in range(6):
        with pytest.raises(TooMany) as caught:
            brake.begin("ada")
        waits.append(caught.value.seconds)
        clock.now += caught.value.seconds
        brake.begin("ada")
    assert waits == [1, 2, 4, 8, 10, 10]
    brake.begin("oli")  # nobody else waits


def test_a_success_is_no_failure_and_a_day_heals() -> None:
    clock = Clock()
    brake = Brake(1, forget=100, clock=clock)
    brake.begin("ada")
    brake.take_back("ada")
    brake.begin("ada")
    assert brake.wait("ada") == 1.0
    brake.forget("ada")
    assert brake.wait("ada") == 0.0
    brake.begin("ada")
    clock.now += 101
    assert brake.wait("ada") == 0.0


def test_tries_of_one_moment_are_counted_before_any_has_ended() -> None:
    brake = Brake(5, first=60)

    def one(_: int) -> bool:
        try:
            brake.begin("ada")
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(one, range(64))) == 5


def test_new_names_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brakes, "_MOST_KEYS", 10)
    brake, bucket = Brake(1), Bucket(1, 1)
    for number in range(100):
        brake.begin(str(number))
        bucket.take(str(number))
    assert len(brake._keys) == len(bucket._keys) == 10


def test_a_bucket_gives_back_at_its_rate() -> None:
    clock = Clock()
    bucket = Bucket(3, 0.5, clock=clock)
    for _ in range(3):
        bucket.take("ada")
    with pytest.raises(TooMany) as caught:
        bucket.take("ada")
    assert caught.value.seconds == 2
    clock.now += 2
    bucket.take("ada")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.9", "10.0.0.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.9", "10.0.0.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_one_customer_of_ipv6_is_one_whatever_address_they_take(address: str, network: str) -> None:
    assert network_of(address) == network
