"""What a store of objects answers when it does not do what it is asked, in words."""

import contextlib
from collections.abc import Iterator
from typing import Any

from icestream.facility.duties.duty import Outage
from icestream.facility.objects.address import ObjectAddress

__all__ = ["ObjectTrouble", "in_words", "is_refused", "told"]

_SETTINGS = "settings, objects"
_WORDS = {
    "AccessDenied": "the keys may not {what}; give them that right, or set others ({settings})",
    "AllAccessDisabled": "the bucket is closed to everybody",
    "InvalidAccessKeyId": "the store does not know the access key ({settings})",
    "SignatureDoesNotMatch": "the secret key is not that of the access key ({settings})",
    "ExpiredToken": "the keys have expired: put new ones into their place ({settings})",
    "InvalidToken": "the token of the keys is not valid ({settings})",
    "TokenRefreshRequired": "the keys have expired: put new ones into their place ({settings})",
    "RequestTimeTooSkewed": "the clock of this machine and that of the store differ by more than "
    "the store bears (15 minutes, usually): set the clock",
    "NoSuchBucket": "there is no bucket of that name",
    "PermanentRedirect": "the bucket is in another region: set it ({settings})",
    "AuthorizationHeaderMalformed": "the bucket is in another region: set it ({settings})",
    "SlowDown": "the store asks for fewer requests",
    "ServiceUnavailable": "the store is not available now",
    "InternalError": "the store has a trouble of its own",
    "QuotaExceeded": "the quota of the bucket is used up",
    "EntityTooLarge": "the store takes no object of that size",
}
_STATUS = {
    "403": "AccessDenied",
    "301": "PermanentRedirect",
    "503": "ServiceUnavailable",
    "500": "InternalError",
}
"""What a status means where there is no body that has a code: the answer to HEAD."""
_ONE = {
    "NoSuchKey": "it went away meanwhile",
    "404": "it went away meanwhile",
    "InvalidObjectState": "it is in an archive, and has to be brought out of it first",
    "PreconditionFailed": "it changed while it was copied",
    "412": "it changed while it was copied",
    "InvalidRange": "it changed while it was copied",
    "416": "it changed while it was copied",
    "KeyTooLongError": "its name is too long for the store",
}
"""What is wrong with one object, and not with the store."""
_REFUSED = frozenset(
    ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AccessDenied",
     "TokenRefreshRequired", "403")
)  # fmt: skip
_LONGEST = 200


def is_refused(error: Exception) -> bool:
    """Whether keys were not good enough, and others may be there the next time."""
    response = getattr(error.__cause__, "response", None) or {}
    return response.get("Error", {}).get("Code") in _REFUSED


class ObjectTrouble(Exception):
    """One object cannot be had or put; the others can."""


def in_words(error: Exception, what: str) -> tuple[str, str]:
    """A code and a sentence about what a library of S3 raised.

    Parameters
    ----------
    what
        Was asked: ``list objects``.
    """
    response: dict[str, Any] = getattr(error, "response", None) or {}
    said = response.get("Error", {})
    code = str(said.get("Code", ""))
    code = _STATUS.get(code, code)
    if code in _ONE:
        return code, _ONE[code]
    if code in _WORDS:
        return code, _WORDS[code].format(what=what, settings=_SETTINGS)
    if code:
        message = " ".join(str(said.get("Message", "")).split())[:_LONGEST]
        return code, f"it would not {what}: {code} ({message})" if message else f"{code}"
    name = type(error).__name__
    plain = {
        "NoCredentialsError": f"no keys are known: set key and secret, a profile, or anonymous "
        f"({_SETTINGS})",
        "PartialCredentialsError": f"half of the keys is missing ({_SETTINGS})",
        "ProfileNotFound": f"there is no such profile in ~/.aws ({_SETTINGS})",
        "EndpointConnectionError": "it does not answer",
        "ConnectTimeoutError": "it does not answer in time",
        "ConnectionClosedError": "it ended the connection",
        "ReadTimeoutError": "it began to answer, and stopped",
        "ResponseStreamingError": "it ended the connection in the middle of an object",
        "IncompleteReadError": "it ended the connection in the middle of an object",
        "ProtocolError": "it ended the connection in the middle of an object",
        "SSLError": f"its certificate is not trusted (certificates in {_SETTINGS})",
        "NoRegionError": f"its region is not known ({_SETTINGS})",
    }
    words = " ".join(str(error).split())[:_LONGEST]
    return name, plain.get(name, f"{name}: {words}")


@contextlib.contextmanager
def told(address: ObjectAddress, what: str) -> Iterator[None]:
    """Raise in words what a library of S3 raises within.

    Raises
    ------
    ObjectTrouble
        If it is the trouble of one object.
    Outage
        If the store or the bucket is not there for us; says why, and what to do.
    """
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (BotoCoreError, ClientError, HTTPClientError, Boto3Error, HTTPError) as error:
        code, words = in_words(error, what)
        if code in _ONE:
            raise ObjectTrouble(words) from error
        raise Outage(f"{address}: {words}") from error
