"""Messages that are posted as JSON: Slack, Mattermost, Teams, any webhook."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from icestream.channels.kinds import (
    MattermostChannel,
    SlackChannel,
    TeamsChannel,
    WebhookChannel,
)
from icestream.channels.mail import trust
from icestream.channels.message import Message, card_of, document_of, text_of
from icestream.channels.receipt import PATIENCE, Receipt, Undelivered, reason_of, shortened

__all__ = ["WebChannel", "payload_of", "post"]

WebChannel = SlackChannel | MattermostChannel | TeamsChannel | WebhookChannel

_HEARD = 2048
"""Bytes of an answer that are read."""


class _NoOtherPlace(urllib.request.HTTPRedirectHandler):
    """A secret address is not followed to another server."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def post(channel: WebChannel, message: Message) -> Receipt:
    """Post a message.

    Raises
    ------
    Undelivered
        If the server cannot be reached, or does not take it.
    """
    url = channel.url.read()
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Undelivered("its url does not begin with https:// or http:// and a server")
    headers = {"Content-Type": "application/json", "User-Agent": "icestream"}
    if isinstance(channel, WebhookChannel) and channel.token is not None:
        headers["Authorization"] = f"Bearer {channel.token.read()}"
    at, document = channel.place, payload_of(channel, message)
    # Letters as they are: Teams counts bytes. What is no text at all becomes a question mark.
    body = json.dumps(document, ensure_ascii=False).encode(errors="replace")
    opener = urllib.request.build_opener(
        _NoOtherPlace, urllib.request.HTTPSHandler(context=trust(channel.certificates))
    )
    try:
        asked = urllib.request.Request(url, body, headers)  # noqa: S310 - the scheme was looked at
        with opener.open(asked, timeout=PATIENCE) as answer:
            said = answer.read(_HEARD).decode(errors="replace")
            return Receipt(f"{at} took the message: {shortened(f'{answer.status} {said}')}")
    except urllib.error.HTTPError as error:
        with error:
            said = _rest(error)
        raise Undelivered(f"{at}: {shortened(f'{error.code} {error.reason} {said}')}") from None
    except urllib.error.URLError as error:
        why = error.reason
        said = reason_of(why) if isinstance(why, BaseException) else shortened(str(why))
        raise Undelivered(f"{at}: {said}") from None
    except (http.client.InvalidURL, UnicodeError):
        # Their texts have the address in them.
        raise Undelivered(f"{at}: its url or its token has a character that cannot be") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Undelivered(f"{at}: {reason_of(error)}") from None


def payload_of(channel: WebChannel, message: Message) -> dict[str, Any]:
    """What is posted, as the service of the channel reads it."""
    if isinstance(channel, TeamsChannel):
        return card_of(message)
    if isinstance(channel, WebhookChannel):
        return document_of(message)
    text = text_of(message)
    if isinstance(channel, SlackChannel):
        for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            text = text.replace(sign, written)
    return {"text": text}


def _rest(error: urllib.error.HTTPError) -> str:
    try:
        return error.read(_HEARD).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return ""
