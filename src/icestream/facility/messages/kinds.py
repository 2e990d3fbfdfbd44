"""The section ``[messages]`` of the facility file."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from icestream.channels.secret import Secret
from icestream.facility.kinds import Seconds, Section, Several, WholePath

__all__ = ["BrokerSection", "MessagesSection", "Queue", "ZocaloSection", "server_of"]

Queue = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.:-]{0,200}$")]
"""Name of a queue, without ``/queue/``."""

_PORTS = {False: 61613, True: 61614}


def server_of(written: str, *, tls: bool) -> tuple[str, int]:
    """Host and port of a server that is written ``host`` or ``host:port``.

    Raises
    ------
    ValueError
        If it is neither.
    """
    host, colon, port = written.rpartition(":")
    if not colon:
        return written, _PORTS[tls]
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"write a server as host or host:port, found {written!r}")
    return host.strip("[]"), int(port)


class BrokerSection(Section):
    """A message broker of the site that speaks STOMP: ActiveMQ or RabbitMQ."""

    kind: Literal["activemq", "rabbitmq"]
    """Which broker it is: the two name prefetching and dead letters differently."""
    servers: Annotated[Several, Field(min_length=1)]
    """``host:port`` of the broker, or of several that stand in for each other; without a port
    61613, or 61614 with TLS."""
    user: str | None = None
    """Whom to log in as; nobody where it is not given."""
    password: Secret | None = None
    """Of the user."""
    vhost: str = "/"
    """The virtual host of RabbitMQ; ActiveMQ has none."""
    tls: bool = False
    """Whether the connection is encrypted, and the server's certificate checked."""
    certificates: WholePath | None = None
    """A file with the authority that signed the server's certificate, where the system has none."""
    heartbeat: Annotated[Seconds, Field(gt=0, le=600)] = 10.0
    """How often either side says that it is there; a silence of twice that ends the connection."""
    prefetch: Annotated[int, Field(ge=1, le=1000)] = 20
    """Messages that the broker hands over before the first of them is acknowledged."""
    requests: Queue = "icestream.requests"
    """Where requests are read from."""
    answers: Queue = "icestream.answers"
    """Where answers go to which ask for no other place by ``reply-to``."""
    results: Queue = "icestream.results"
    """Where results of sessions go."""
    alerts: Queue = "icestream.alerts"
    """Where alerts of sessions go."""
    dead: Queue = "icestream.dead"
    """Where a copy of each request goes that was given up or could not be read, with the reason."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        for written in self.servers:
            server_of(written, tls=self.tls)
        if self.certificates is not None and not self.tls:
            raise ValueError("certificates are of use with tls = true only")
        queues = [self.requests, self.answers, self.results, self.alerts, self.dead]
        if self.requests in queues[1:]:
            raise ValueError(f"{self.requests} cannot be read from and written to as well")
        return self

    @property
    def places(self) -> list[tuple[str, int]]:
        """Host and port of each server."""
        return [server_of(written, tls=self.tls) for written in self.servers]


class ZocaloSection(Section):
    """What makes icestream understood where zocalo and murfey run."""

    starts: Queue | None = "processing_recipe"
    """Where requests of zocalo's kind are read from; nowhere where it is empty."""
    steps: Queue | None = None
    """Where recipes send their steps for icestream to."""
    recipes: dict[str, str] = Field(default_factory=lambda: {"em-spa-preprocess": "default"})
    """The workflow for each recipe: a name of a workflow, or a file. Requests with other recipes
    only are left to others, which is said in the answer."""
    movies: str = "{movie_root}/**/*{movie_suffix}"
    """Which files are movies, made of the request's parameters and of ``movie_root`` (the folder
    above those of EPU), ``movie_folder`` and ``movie_suffix``, as its first movie says."""
    name: str = "{recipe}-{dcid}"
    """How the session of a request is called, made of its parameters and of ``recipe``."""
    feedback: Queue | None = "murfey_feedback"
    """Where it is told what was registered, unless the request has a ``feedback_queue``."""
    alerts: Queue | None = "pato_notification"
    """Where alerts go of sessions that began so."""


class MessagesSection(Section):
    """Requests that start and steer sessions without a person, and what is told of them."""

    folder: WholePath | None = None
    """A folder into which requests and workflow files are laid; whoever may write there may start
    sessions."""
    ledger: WholePath | None = None
    """The file on a local disk that has what was asked and answered; beside the registry, or in the
    folder for state of the settings, when not given."""
    settle: Annotated[Seconds, Field(ge=0)] = 2.0
    """A file is read that was not changed for so long."""
    patience: Annotated[Seconds, Field(gt=0)] = 60.0
    """A file that is no whole JSON after so long without a change is refused."""
    largest: Annotated[int, Field(ge=1024)] = 4_000_000
    """Bytes of a request, at most."""
    tries: Annotated[int, Field(ge=1, le=100)] = 8
    """How often a request is tried that cannot be carried out for now: by then it has waited
    about ten minutes. After that it is kept as a dead letter."""
    results: Literal["none", "exposures", "all"] = "exposures"
    """What is told of sessions: only that they began and ended, also each exposure with its
    figures, or also the result of each step."""
    confidential: Literal["nothing", "states"] = "nothing"
    """What is told of sessions of confidential projects to anybody but those who asked for them:
    nothing, or that a session began and ended, under its number."""
    broker: BrokerSection | None = None
    """The message broker, where there is one."""
    zocalo: ZocaloSection | None = None
    """zocalo's messages, where they are spoken."""
    within: tuple[WholePath, ...] = ()
    """Folders below which the files must be that requests name; anywhere where it is empty."""
    workflows: WholePath | None = None
    """A folder with the site's own workflow files, which requests name without ``.json``."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.zocalo is not None and self.broker is None:
            raise ValueError("zocalo's messages need a broker: add [messages.broker]")
        return self
