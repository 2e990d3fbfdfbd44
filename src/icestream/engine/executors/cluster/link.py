"""The scheduler: who has joined, and bytes there and back. All that is known of Dask is here."""

import contextlib
import datetime
import os
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from icestream.engine.executors.cluster import node
from icestream.engine.executors.cluster.jobs import Door
from icestream.engine.executors.cluster.kinds import DaskCluster, QueueCluster, SshCluster

__all__ = ["STARTED_ANEW", "DaskLink", "Joiner", "Link", "LinkLost", "open_link"]

_FAREWELL = 10.0
"""Seconds for nodes to end what a session that leaves has running on them."""
_PATIENCE = 30.0
"""Seconds for an answer of the scheduler or of a node."""
STARTED_ANEW = "was started anew"
"""Why a lease has no end whose node knows nothing of its session."""


class LinkLost(ConnectionError):
    """The scheduler does not answer; the message says which."""


@dataclass(frozen=True, slots=True)
class Joiner:
    """A process that has joined the scheduler."""

    name: str
    host: str
    threads: int
    memory: int
    """Bytes; 0 when it is not limited."""


class Link(Protocol):
    """A scheduler, as an executor sees it."""

    door: Door

    def members(self) -> Mapping[str, Joiner]:
        """Who has joined, by address.

        Raises
        ------
        LinkLost
            If the scheduler does not answer.
        """

    def greet(
        self, address: str, data: bytes, threads: int, done: Callable[[Mapping[str, Any]], None]
    ) -> None:
        """Greet a node; its answer is given to `done`, from any thread, with its ``problem``."""

    def send(
        self, lease: str, address: str, mark: str, data: bytes, done: Callable[[bytes, str], None]
    ) -> None:
        """Have a lease run on a node; `done` is called with its end, or why there is none."""

    def forget(self, lease: str) -> None:
        """Do not wait for a lease any more."""

    def cancel(self, address: str, mark: str, lease: str) -> None:
        """Have a lease ended on its node; returns at once."""

    def leave(self, addresses: list[str], mark: str) -> None:
        """Say goodbye to nodes."""

    def close(self) -> None:
        """Leave the scheduler, and end it where it was started here."""


def open_link(
    cluster: DaskCluster | SshCluster | QueueCluster, secrets: Path, silent: float
) -> "DaskLink":
    """Join a scheduler, or start one.

    Parameters
    ----------
    secrets
        Folder for certificates that nodes of other machines read; made for this account alone.
    silent
        Seconds without a sign of life after which a node is gone, for a scheduler started here.

    Raises
    ------
    LinkLost
        If there is none at the address, or none can be started.
    """
    try:
        import distributed
    except ImportError:
        raise LinkLost(
            "Dask is not installed, by which nodes are reached: pip install 'icestream[cluster]'"
        ) from None
    if isinstance(cluster, DaskCluster) and cluster.address:
        security = None
        if cluster.tls is not None:
            security = distributed.Security(
                tls_ca_file=str(cluster.tls.authority),
                tls_client_cert=str(cluster.tls.certificate),
                tls_client_key=str(cluster.tls.key),
                require_encryption=True,
            )
        return DaskLink(cluster.address, security)
    return _started_link(cluster, secrets, silent)


def _started_link(
    cluster: DaskCluster | SshCluster | QueueCluster, secrets: Path, silent: float
) -> "DaskLink":
    import dask
    import distributed

    here = isinstance(cluster, DaskCluster)
    host = cluster.host or ("127.0.0.1" if here else _address_of_this_machine())
    try:
        family = socket.getaddrinfo(host, 0)[0][0]
        socket.create_server((host, 0), family=family).close()
    except OSError as error:
        raise LinkLost(
            f"no scheduler can be started at {host}: {error.strerror or error}. Is host in the"
            " settings of the executor an address of this machine?"
        ) from error
    # On this machine, too: whoever reaches a scheduler can have it run anything.
    security, words = _certificates(secrets)
    # A lease is sent once: who tries it again is the coordinator.
    values = {
        "distributed.scheduler.allowed-failures": 0,
        "distributed.scheduler.worker-ttl": f"{silent:g}s",
        "distributed.scheduler.work-stealing": False,
        "distributed.scheduler.http.routes": [],  # its pages would be open to everybody
    }
    try:
        with dask.config.set(values):
            scheduler = distributed.LocalCluster(
                n_workers=0,
                processes=False,
                host=host,
                scheduler_port=0,
                dashboard_address="127.0.0.1:0",
                protocol="tls://",
                security=security,
                silence_logs=50,
            )
    except (OSError, RuntimeError) as error:
        raise LinkLost(f"no scheduler can be started at {host}: {error}") from error
    return DaskLink(scheduler.scheduler_address, security, words, scheduler)


def _address_of_this_machine() -> str:
    """By which other machines reach this one: that of its name, unless it leads to itself."""
    with contextlib.suppress(OSError):
        found = socket.gethostbyname(socket.gethostname())
        if not found.startswith("127."):
            return found
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # nothing is sent: the kernel says by which way it would go
        return str(probe.getsockname()[0])
    return "127.0.0.1"


def _certificates(secrets: Path) -> tuple[Any, tuple[str, ...]]:
    """Certificates of one session, and the options by which nodes find theirs."""
    import distributed
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "icestream session")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=60))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    secrets.chmod(0o700)
    files = {"cert.pem": pem, "key.pem": secret}
    for file, data in files.items():
        path = secrets / file
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(data)
            os.fsync(out.fileno())
    cert, key_file = str(secrets / "cert.pem"), str(secrets / "key.pem")
    both = {
        f"tls_{who}_{what}": path
        for who in ("client", "scheduler", "worker")
        for what, path in (("cert", cert), ("key", key_file))
    }
    security = distributed.Security(tls_ca_file=cert, require_encryption=True, **both)
    words = ("--tls-ca-file", cert, "--tls-cert", cert, "--tls-key", key_file)
    return security, words


class DaskLink:
    """A scheduler of Dask."""

    def __init__(
        self,
        address: str,
        security: Any = None,
        words: tuple[str, ...] = (),
        scheduler: Any = None,
    ) -> None:
        import distributed

        self.door = Door(address, words)
        self._scheduler = scheduler
        self._futures: dict[str, Any] = {}
        self._turn = threading.Lock()
        try:
            self._client = distributed.Client(
                address,
                security=security,
                timeout=_PATIENCE,
                set_as_default=False,
                name="icestream",
            )
        except (OSError, TimeoutError) as error:
            if scheduler is not None:
                scheduler.close()
            raise LinkLost(f"the scheduler {address} does not answer: {error}") from error

    def members(self) -> Mapping[str, Joiner]:
        """Who has joined, by address."""
        if self._client.status != "running":
            raise LinkLost(f"the scheduler {self.door.address} has gone")
        try:
            said = self._client.sync(
                self._client.scheduler.identity, n_workers=-1, callback_timeout=_PATIENCE
            )
        except Exception as error:
            raise LinkLost(f"the scheduler {self.door.address} does not answer: {error}") from error
        return {
            address: Joiner(
                str(one["name"]),
                str(one.get("host", "")),
                int(one["nthreads"]),
                int(one.get("memory_limit") or 0),
            )
            for address, one in said["workers"].items()
        }

    def greet(
        self, address: str, data: bytes, threads: int, done: Callable[[Mapping[str, Any]], None]
    ) -> None:
        """Greet a node."""

        async def ask() -> None:
            try:
                said = await self._client.run(
                    node.greet, data, threads, workers=[address], on_error="return"
                )
                answer = said.get(address)
                if not isinstance(answer, Mapping):
                    answer = {"problem": _words(answer)}
            except Exception as error:
                answer = {"problem": _words(error), "again": True}
            done(answer)

        self._later(ask)

    def send(
        self, lease: str, address: str, mark: str, data: bytes, done: Callable[[bytes, str], None]
    ) -> None:
        """Have a lease run on a node."""
        future = self._client.submit(
            node.serve, mark, data,
            key=f"icestream-{lease}", workers=[address], allow_other_workers=False,
            retries=0, pure=False,
        )  # fmt: skip
        with self._turn:
            self._futures[lease] = future
        future.add_done_callback(lambda ended: self._ended(lease, ended, done))

    def _ended(self, lease: str, future: Any, done: Callable[[bytes, str], None]) -> None:
        """Called in a thread of Dask's when the lease has ended, one way or another."""
        with self._turn:
            awaited: Any = self._futures.get(lease)
            if awaited is not future:
                return  # nobody waits for it any more
            del self._futures[lease]
        try:
            data = future.result(timeout=_PATIENCE)
        except BaseException as error:
            why = _words(error)
            known = why in ("has gone", STARTED_ANEW)
            done(b"", why if known else f"cannot say how it ended: {why}")
        else:
            done(data, "")
        finally:
            future.release()

    def forget(self, lease: str) -> None:
        """Do not wait for a lease any more."""
        with self._turn:
            future = self._futures.pop(lease, None)
        if future is not None:
            with contextlib.suppress(Exception):
                future.cancel()

    def cancel(self, address: str, mark: str, lease: str) -> None:
        """Have a lease ended on its node; returns at once."""

        async def ask() -> None:
            with contextlib.suppress(Exception):
                await self._client.run(
                    node.cancel, mark, lease, workers=[address], on_error="ignore"
                )

        self._later(ask)

    def leave(self, addresses: list[str], mark: str) -> None:
        """Say goodbye to nodes."""

        async def ask() -> None:
            await self._client.run(node.leave, mark, workers=addresses, on_error="ignore")

        if addresses and self._client.status == "running":
            with contextlib.suppress(Exception):
                self._client.sync(ask, callback_timeout=_FAREWELL)

    def close(self) -> None:
        """Leave the scheduler, and end it where it was started here."""
        with self._turn:
            self._futures.clear()
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)
        if self._scheduler is not None:
            with contextlib.suppress(Exception):
                self._scheduler.close(timeout=10)

    def _later(self, what: Callable[[], Any]) -> None:
        self._client.loop.add_callback(what)


_GONE = ("KilledWorker", "CancelledError", "FutureCancelledError", "NoValidWorkerError")
"""What Dask raises for a lease whose node, or whose scheduler, is not there any more."""


def _words(error: Any) -> str:
    if type(error).__name__ in _GONE:
        return "has gone"
    if isinstance(error, node.NotGreeted):
        return STARTED_ANEW
    said = str(error).strip().partition("\n")[0] or "nothing was said"
    return f"{type(error).__name__}: {said}" if isinstance(error, BaseException) else said
