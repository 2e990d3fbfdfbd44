"""How a server is reached: from where, under which names, and whether people have to log in."""

import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

__all__ = ["LOOPBACK", "Doors", "OpenDoors", "doors_for", "is_loopback"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class OpenDoors(ValueError):
    """A server that would let in whom it should not; says what to do."""


def is_loopback(host: str) -> bool:
    """Whether nobody on another machine can reach that address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Doors:
    """Ways into a server.

    Attributes
    ----------
    names
        Names by which browsers know it, beside those of this machine's own loopback.
    login
        Whether people have to log in.
    secure
        Whether browsers reach it by HTTPS.
    proxies
        Addresses whose word is taken for who asks (X-Forwarded-For); none when empty.
    """

    names: frozenset[str] = frozenset()
    login: bool = False
    secure: bool = False
    proxies: tuple[str, ...] = ()
    loopback_names: frozenset[str] = field(default=LOOPBACK)

    def knows_host(self, host: str | None, at: str | None) -> bool:
        """Whether a request for `host` (the header, with its port) is meant for this server.

        A page elsewhere whose name is made to lead here (DNS rebinding) would be of the same
        origin as this server, were it not for this.

        Parameters
        ----------
        host
            What the request says it is for.
        at
            Address of this machine at which it came in.
        """
        name = _name_of(host)
        return name is not None and (
            name in self.loopback_names or name in self.names or name == at
        )

    def knows_origin(self, origin: str, host: str | None) -> bool:
        """Whether a page of `origin` is one of this server's, asked for as `host`."""
        try:
            parts = urlsplit(origin)
            name = _name_of(parts.netloc)
        except ValueError:
            return False
        if parts.scheme != ("https" if self.secure else "http") or name is None:
            return False
        # Behind a proxy the request may be for the proxy's own name of this server.
        return parts.netloc.lower() == (host or "").lower() or name in self.names


def _name_of(host: str | None) -> str | None:
    """A host without its port, in small letters; None if it is none."""
    if not host or any(one in host for one in "/@\\ ,\t"):
        return None
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    name = parts.hostname
    return None if name is None else name.rstrip(".") or None


def doors_for(
    host: str,
    *,
    names: Sequence[str] = (),
    login: bool = False,
    tls: bool = False,
    behind_proxy: Sequence[str] = (),
    admins: bool = False,
) -> Doors:
    """The doors of a server that listens at `host`, unless they would stand open.

    Parameters
    ----------
    host
        Address at which it listens.
    names
        Names by which browsers know it.
    login
        Have people log in on this machine, too.
    tls
        Whether it has a certificate.
    behind_proxy
        Addresses of proxies before it, which do HTTPS and say who asks.
    admins
        Whether there is an administrator.

    Raises
    ------
    OpenDoors
        If passwords would cross a network in clear text, or nobody could log in.
    """
    inside = is_loopback(host) and not behind_proxy
    login = login or not inside
    if not is_loopback(host) and not tls and not behind_proxy:
        raise OpenDoors(
            f"at {host} passwords and data would cross the network in clear text. Give a"
            " certificate with --tls-cert and --tls-key; or say --behind-proxy ADDRESS when a"
            " proxy at that address does HTTPS; or listen at 127.0.0.1 alone, which a tunnel"
            " reaches: ssh -L 8000:localhost:8000 this-machine"
        )
    if login and not admins:
        where = f"at {host}" if not is_loopback(host) else "where people have to log in"
        raise OpenDoors(
            f"{where} nobody could log in: there is no administrator yet. Add one with: icestream"
            " people add NAME --role admin; or start with --first-admin NAME"
        )
    known = {name.lower().rstrip(".") for name in names} | set(_own_names(host))
    return Doors(
        names=frozenset(known),
        login=login,
        secure=tls or bool(behind_proxy),
        proxies=tuple(behind_proxy),
    )


def _own_names(host: str) -> Iterable[str]:
    if is_loopback(host):
        return ()
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return {socket.gethostname().lower(), socket.getfqdn().lower()} - {""}
    return (host.lower(),)
