"""Services of a facility, each started once for all tests that ask for it."""

from collections.abc import Iterator

import pytest

from activemq_server import activemq_server
from rabbitmq_server import rabbitmq_server
from real_broker import RealBroker


@pytest.fixture(scope="session")
def activemq() -> Iterator[RealBroker]:
    """Debian's ActiveMQ; skips where it is not installed."""
    with activemq_server() as running:
        yield running


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RealBroker]:
    """Debian's RabbitMQ; skips where it is not installed."""
    with rabbitmq_server() as running:
        yield running
