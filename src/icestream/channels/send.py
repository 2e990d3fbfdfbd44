"""Sending a message over a channel of any kind."""

import time
import uuid
from typing import assert_never

from icestream.channels.kinds import (
    Channel,
    CommandChannel,
    EmailChannel,
    LogChannel,
    MattermostChannel,
    SlackChannel,
    TeamsChannel,
    WebhookChannel,
)
from icestream.channels.mail import send_mail
from icestream.channels.message import Message, Told
from icestream.channels.program import append, run_command
from icestream.channels.receipt import Receipt
from icestream.channels.web import post

__all__ = ["send", "trial"]


def send(channel: Channel, message: Message) -> Receipt:
    """Send a message; waits for the server, not for ever.

    Raises
    ------
    Undelivered
        If it did not get through; says where and why.
    """
    match channel:
        case EmailChannel():
            return send_mail(channel, message)
        case SlackChannel() | MattermostChannel() | TeamsChannel() | WebhookChannel():
            return post(channel, message)
        case CommandChannel():
            return run_command(channel, message)
        case LogChannel():
            return append(channel, message)
        case _:
            assert_never(channel)


def trial(name: str) -> Message:
    """The message that tries a channel."""
    now = time.time()
    said = f'a trial of the channel "{name}": nothing is wrong, and there is nothing to do'
    told = Told(number=0, level="notice", key="trial", message=said, raised=now)
    return Message(
        id=f"trial.{uuid.uuid4().hex}", session="trial", folder="(none)", time=now, alerts=(told,)
    )
