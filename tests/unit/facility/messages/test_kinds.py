"""The section of messages: what is refused, with what to do."""

import pytest
from pydantic import ValidationError

from icestream.facility.messages.kinds import BrokerSection, MessagesSection, server_of


def test_servers_have_ports_of_their_own_or_those_of_stomp() -> None:
    assert server_of("mq.site:1234", tls=False) == ("mq.site", 1234)
    assert server_of("mq.site", tls=False) == ("mq.site", 61613)
    assert server_of("mq.site", tls=True) == ("mq.site", 61614)
    assert server_of("[::1]:61613", tls=False) == ("::1", 61613)
    for wrong in ("mq:", ":1", "mq:0", "mq:99999", "mq:http"):
        with pytest.raises(ValueError, match="host or host:port"):
            server_of(wrong, tls=False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"user": "a"}, "user and password go together"),
        ({"servers": "mq:x"}, "host or host:port"),
        ({"certificates": "/ca.pem"}, "tls = true"),
        ({"requests": "same", "answers": "same"}, "cannot be read from and written to"),
        ({"requests": "with space"}, "requests"),
        ({"kind": "kafka"}, "kind"),
        ({"servers": []}, "servers"),
    ],
)
def test_a_broker_that_cannot_be_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        BrokerSection.model_validate({"kind": "rabbitmq", "servers": "mq", **given})


def test_a_password_is_never_shown() -> None:
    made = BrokerSection.model_validate(
        {"kind": "rabbitmq", "servers": "mq", "user": "u", "password": "s3cret"}
    )
    assert "s3cret" not in repr(made)
    assert made.password is not None
    assert made.password.read() == "s3cret"


def test_zocalo_needs_a_broker() -> None:
    with pytest.raises(ValidationError, match="messages.broker"):
        MessagesSection.model_validate({"zocalo": {}})
