"""Asking a collector: within a time that all of its answer has to come in."""

import asyncio
import math

__all__ = ["ask"]


def ask(
    address: str, *, patience: float, most: int, content: bytes | None = None
) -> tuple[int, bytes]:
    """What an address answers: its status, and what it says, of which `most` bytes are read.

    Parameters
    ----------
    address
        The whole address; it is asked itself, wherever it leads.
    patience
        Seconds until it is left.
    most
        Bytes of the answer; where there are more, one more is returned.
    content
        JSON that is sent to it.

    Raises
    ------
    OSError
        If it cannot be reached, or does not answer in time; says why.
    """
    import httpx2  # takes long to load

    headers = {"User-Agent": "icestream"}
    if content is not None:
        headers["Content-Type"] = "application/json"

    async def asked() -> tuple[int, bytes]:
        # Of all of it, the headers too: what drips is never late by the time between two bytes.
        async with (
            asyncio.timeout(patience),
            httpx2.AsyncClient(timeout=patience) as client,
            client.stream(
                "GET" if content is None else "POST",
                address,
                content=content,
                headers=headers,
                follow_redirects=False,
            ) as answer,
        ):
            said = bytearray()
            async for chunk in answer.aiter_bytes():
                said += chunk
                if len(said) > most:
                    break
            return answer.status_code, bytes(said[: most + 1])

    try:
        return asyncio.run(asked())
    except TimeoutError:
        seconds = max(1, math.ceil(patience))
        raise OSError(f"{address} does not answer within {seconds} s") from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        why = str(error) or type(error).__name__
        raise OSError(f"{address} cannot be reached: {why}") from None
