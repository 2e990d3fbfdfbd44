"""The tables of a session's store.

One writer assigns every primary key itself, so inserts need no answer from the database and
the same statements run on SQLite and PostgreSQL. Times are seconds since the epoch.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

__all__ = [
    "alert",
    "arrival",
    "branch",
    "correction",
    "counter",
    "decision",
    "delivery",
    "epoch",
    "event",
    "exposure",
    "figure",
    "file",
    "input_",
    "link",
    "member",
    "metadata",
    "mute",
    "part",
    "quality",
    "request",
    "result",
    "revision",
    "sample",
    "segment",
    "session",
    "step",
    "subject",
    "task",
]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    # INTEGER (not BIGINT) is what makes a SQLite primary key the row's own number.
    kind = BigInteger().with_variant(Integer(), "sqlite")
    return Column("id", kind, primary_key=True, autoincrement=False)


session = Table(
    "session",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("workflow", Text, nullable=False),
    Column("order", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("branch_id", BigInteger, nullable=False, default=1, server_default=text("1")),
    Column("epoch", Integer, nullable=False),
    Column("holder", Text, nullable=False, default=""),
    Column("created", Double, nullable=False),
    Column("changed", Double, nullable=False),
    Column("uid", Text, nullable=False, server_default=text("''")),
    Column("events", Integer, nullable=False, server_default=text("0")),
)
"""One row: the session itself. `epoch` counts the coordinators that ran it.

`branch_id` points to the branch that was adopted: the one that people mean when they name none.
`uid`: made with the session, its own wherever its folder is moved. `events`: the newest version of
the catalogue of events (`icestream.store.events`) that has written to it.
"""

epoch = Table(
    "epoch",
    metadata,
    _id(),
    Column("started", Double, nullable=False),
    Column("holder", Text, nullable=False),
    Column("software", Text, nullable=False),
    Column("host", Text, nullable=False, server_default=text("''")),
    Column("folder", Text, nullable=False, server_default=text("''")),
)
"""One row per coordinator that ran the session: who, since when, with which software, and where.

`software`: {distribution: version}. Every result names the epoch that made it.
"""

subject = Table(
    "subject",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("family", Text, nullable=False, default=""),
    Column("number", Integer, nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("kind", "family", "number"),
    UniqueConstraint("kind", "family", "name"),
)
"""What a task is about: an exposure, a group of exposures, or a batch.

`kind`: exposure, group, batch. `family`: of groups, what they are (``grid square``); of batches,
the step and revision that made them (``classes@2``). `number` counts within the family, from 1.
"""

exposure = Table(
    "exposure",
    metadata,
    Column(
        "id",
        BigInteger().with_variant(Integer(), "sqlite"),
        ForeignKey("subject.id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("state", Text, nullable=False),
    Column("reasons", Text, nullable=False, default="[]"),
    Column("found", Double, nullable=False),
    Column("details", Text, nullable=False, default="{}"),
    Index(None, "state", "id"),
)
"""One row per shot, numbered as its subject is. `state`: going, done, rejected, failed, in the
branch that was adopted."""

step = Table(
    "step",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
)
"""A place in the session's workflows. What a step is and does is said by its revisions."""

revision = Table(
    "revision",
    metadata,
    _id(),
    Column("step_id", ForeignKey("step.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("protocol", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("parameters", Text, nullable=False),
    Column("changed", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("who", Text, nullable=False, default=""),
    Column("state", Text, nullable=False, default="waiting"),
    Column("reason", Text, nullable=False, default=""),
    Column("cursor", Text, nullable=False, default="null"),
    Column("gate", Text, nullable=False, default="held"),
    Column("closed", Text, nullable=False, default="", server_default=text("''")),
    Column("backfill", BigInteger),
    Column("waiting", Integer, nullable=False, default=0, server_default=text("0")),
    Column("within", Text),
    Column("said_by", Text),
    UniqueConstraint("step_id", "number"),
    UniqueConstraint("step_id", "fingerprint"),
)
"""A step as of some moment: its protocol, its parameters, and what feeds it.

`fingerprint` hashes the protocol, its parameters and the fingerprints of all that feeds it: when
a change is taken back, the step returns to the revision that it had, and branches that have it in
common share its tasks. `cursor`: where a source stands. `gate`: a trigger's: held, open, or shut
for good. `closed`: by which other step it is closed, and why; empty when it is not.
`backfill`: the last subject that was looked at after the revision was entered; null when all were.
`waiting`: files that a source has seen and that are not whole yet. `within`: JSON list of folders
below which the step reads, beside the session's own; null where it reads whatever it is led to.
`said_by`: JSON of who said those of `changed` that no person did, by parameter; null: none.
"""

link = Table(
    "link",
    metadata,
    _id(),
    Column("revision_id", ForeignKey("revision.id"), nullable=False),
    Column("port", Text, nullable=False),
    Column("source_id", ForeignKey("step.id"), nullable=False),
    Column("source_port", Text, nullable=False),
    Index(None, "revision_id"),
)
"""What feeds an input port of a revision: an output port of a step."""

branch = Table(
    "branch",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("workflow", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("sample", Text),
    Column("created", Double, nullable=False),
    Column("who", Text, nullable=False, default=""),
)
"""A named set of revisions, one for each of its steps: a workflow as of some moment.

`state`: active (it is processed), resting (kept as it is), dropped. `sample`: the exposures that
it is for, as a JSON list; null for all.
"""

member = Table(
    "member",
    metadata,
    Column("branch_id", ForeignKey("branch.id"), primary_key=True),
    Column("step_id", ForeignKey("step.id"), primary_key=True),
    Column("revision_id", ForeignKey("revision.id"), nullable=False),
    Index(None, "revision_id"),
)
"""Which revision a branch has of a step."""

task = Table(
    "task",
    metadata,
    _id(),
    Column("step_id", BigInteger, nullable=False),
    Column("revision_id", BigInteger, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("inputs", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("passed", Boolean, nullable=False, default=False),
    Column("rank", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False, default=0),
    Column("epoch", Integer, nullable=False, default=0),
    Column("due", Double, nullable=False, default=0.0),
    Column("result_id", BigInteger),
    Column("serial", BigInteger, nullable=False, default=0),
    Column("ended", Double),
    Column("reason", Text, nullable=False, default=""),
    Column("details", Text, nullable=False, default=""),
    Column("corrected", Text, nullable=False, default="", server_default=text("''")),
    UniqueConstraint("revision_id", "subject_id"),
    Index(None, "subject_id"),
    Index("ix_task_queue", "revision_id", "state", "rank"),
    Index("ix_task_serial", "revision_id", "serial"),
)
"""One step applied to one subject: an exposure, a group, or a batch.

`state`: ready, running, held, done, failed, skipped. `passed`: what it made goes on (an
accepted or manually accepted exposure). `inputs`: [[port, label, result id, source port], ...].
`rank`: the higher, the sooner. `serial`: the event that ended it. `corrected`: the key of its
result, where that is what a person made by hand of what the task made under its own key.
"""

result = Table(
    "result",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    Column("step_id", BigInteger, nullable=False),
    Column("revision_id", BigInteger, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
    Column("checkpoint", Text, nullable=False, default=""),
    Column("epoch", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("started", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("host", Text, nullable=False),
    Column("types", Text, nullable=False, default="{}", server_default=text("'{}'")),
    Column("pictures", Text, nullable=False, default="[]", server_default=text("'[]'")),
    Column("correction_id", BigInteger),
    Column("cpu", Double),
    Column("memory", Double),
)
"""What a task committed: {output port: document}. Written once; changed only when its files were
lost and made again, and then it says who made those that are there.

`types`: {output port: ``module:Class`` of the item}; a port that is not in it is of a session older
than this. `pictures`: [[port, path, title, description], ...], so that nobody needs the type to
show them. `correction_id`: the correction by which a person made it of another result, which its
input ``corrected`` names; null for what a step made. `cpu`: processor time that it took with the
programs that it ran, seconds. `memory`: of the largest of its processes at its peak, bytes. Both
are null where they were not measured.
"""

input_ = Table(
    "input",
    metadata,
    Column("result_id", BigInteger, nullable=False),
    Column("port", Text, nullable=False),
    Column("source_id", BigInteger, nullable=False),
    Index(None, "result_id"),
    Index(None, "source_id"),
)
"""Lineage: which results a result was made from."""

file = Table(
    "file",
    metadata,
    Column("result_id", BigInteger, nullable=False),
    Column("path", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("hash", Text, nullable=False, default="", server_default=text("''")),
    Index(None, "result_id"),
)
"""Files of results.

`hash`: what is in it, as `icestream.store.content` says it; empty for logs, and for what was made
before hashes were kept.
"""

quality = Table(
    "quality",
    metadata,
    _id(),
    Column("step_id", BigInteger, nullable=False),
    Column("revision_id", BigInteger, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("result_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("value", Double, nullable=False),
    Index(None, "subject_id"),
    Index(None, "result_id"),
    Index("ix_quality_column", "revision_id", "name", "subject_id", "value"),
)

counter = Table(
    "counter",
    metadata,
    Column("revision_id", BigInteger, primary_key=True, autoincrement=False),
    Column("ready", Integer, nullable=False, default=0),
    Column("running", Integer, nullable=False, default=0),
    Column("held", Integer, nullable=False, default=0),
    Column("done", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("skipped", Integer, nullable=False, default=0),
    Column("rejected", Integer, nullable=False, default=0),
    Column("reused", Integer, nullable=False, default=0),
    Column("seconds", Double, nullable=False, default=0.0),
    Column("cpu", Double, nullable=False, default=0.0, server_default=text("0")),
    Column("metered", Integer, nullable=False, default=0, server_default=text("0")),
    Column("memory", Double, nullable=False, default=0.0, server_default=text("0")),
)
"""Tasks of each revision by state, so that nobody counts rows. `rejected` are among `done`.

`seconds` and `cpu` are sums, over those that ran and over the `metered` ones, whose processor time
is known. `memory` is the most that any of them had, bytes; 0 where that is not known of any.
"""

event = Table(
    "event",
    metadata,
    Column(
        "seq",
        BigInteger().with_variant(Integer(), "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("time", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("step_id", BigInteger),
    Column("subject_id", BigInteger),
    Column("document", Text, nullable=False, default="{}"),
    Index(None, "kind", "seq"),
)
"""Append-only: what happened, in order. Screens and sinks follow it by `seq`.

`kind` and `document` are those of `icestream.store.events`.
"""

alert = Table(
    "alert",
    metadata,
    _id(),
    Column("branch_id", BigInteger),
    Column("step_id", BigInteger),
    Column("key", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("exposure", Text),
    Column("raised", Double, nullable=False),
    Column("seen", Double, nullable=False),
    Column("cleared", Double),
    Column("acknowledged", Double),
    Column("acknowledged_by", Text, nullable=False, default=""),
    Column("offer", Text),
    Column("adopted", Double),
    Column("adopted_by", Text, nullable=False, default="", server_default=text("''")),
    Column("acknowledged_why", Text, nullable=False, default="", server_default=text("''")),
    Column("began", Double),
    Column("extent", Text),
    Column("cause", Text, nullable=False, default="", server_default=text("''")),
    Index(None, "cleared"),
)
"""What a person should know. `began`: when its first exposure was taken. `extent`: which exposures
show it, as `icestream.model.Extent` has it. `cause`: what is likely to have caused it."""

mute = Table(
    "mute",
    metadata,
    _id(),
    Column("key", Text, nullable=False),
    Column("step_id", BigInteger),
    Column("since", Double, nullable=False),
    Column("until", Double, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("ended", Double),
    Column("ended_by", Text, nullable=False),
    Index(None, "until"),
)
"""Alerts of this key, of one step or of all, are sent to nobody for a time.

`ended`: when somebody took it back before that.
"""

delivery = Table(
    "delivery",
    metadata,
    _id(),
    Column("alert_id", BigInteger, nullable=False),
    Column("channel", Text, nullable=False),
    Column("over", Boolean, nullable=False),
    Column("level", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("queued", Double, nullable=False),
    Column("due", Double, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("first", Double),
    Column("ended", Double),
    Column("answer", Text, nullable=False),
    Index(None, "alert_id"),
    Index(None, "state", "channel"),
)
"""An alert that is to be sent over a channel, or that it is `over`.

`state`: waiting, sent, dropped (it was over, or somebody took care of it, before it was sent), or
given up. `due`: not to be tried before. `first`: when it was tried first. `answer`: the last of the
server, or why it could not be asked.
"""

decision = Table(
    "decision",
    metadata,
    _id(),
    Column("step_id", BigInteger, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("time", Double, nullable=False),
    Index(None, "subject_id", "step_id"),
)
"""A person accepted or rejected an exposure; the last one holds."""

correction = Table(
    "correction",
    metadata,
    _id(),
    Column("step_id", BigInteger, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("time", Double, nullable=False),
    Index(None, "subject_id", "step_id"),
)
"""What a person has changed by hand about what a step found in an exposure; the last one holds.

`document`: all that is changed, as `icestream.model.PicksCorrection` has it; empty lists where it
was taken back.
"""

request = Table(
    "request",
    metadata,
    Column("token", Text, primary_key=True),
    Column("time", Double, nullable=False),
    Column("verb", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("answer", Text, nullable=False, default=""),
    Index(None, "state", "time"),
)
"""What people and programs asked of the session, and the answer. Others write to this table only.

`document`: what is asked, as `icestream.engine.requests.models` has it for the verb. `state`: new,
done, refused.
"""

sample = Table(
    "sample",
    metadata,
    _id(),
    Column("time", Double, nullable=False),
    Column("name", Text, nullable=False),
    Column("value", Double, nullable=False),
    Column("unit", Text, nullable=False, default=""),
)

figure = Table(
    "figure",
    metadata,
    Column("step_id", BigInteger, primary_key=True, autoincrement=False),
    Column("document", Text, nullable=False),
    Column("time", Double, nullable=False),
)
"""What a monitor drew at its last inspection."""

arrival = Table(
    "arrival",
    metadata,
    _id(),
    Column("step_id", BigInteger, nullable=False),
    Column("revision_id", BigInteger, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("result_id", BigInteger, nullable=False),
    Column("port", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("task_id", BigInteger),
    Column("group_id", BigInteger),
    Column("lot", Text, nullable=False, default="", server_default=text("''")),
    Column("came", Double, nullable=False, default=0.0, server_default=text("0")),
    Column("went", Double),
    Index("ix_arrival_waiting", "revision_id", "task_id", "id"),
    Index("ix_arrival_group", "revision_id", "group_id"),
    Index("ix_arrival_lot", "revision_id", "lot", "went"),
    UniqueConstraint("revision_id", "subject_id"),
)
"""Items that came to a step that gathers them.

`task_id`: the batch or group that took them. `group_id`: the group that they belong to. At a
trigger: `lot`, the part of the stream that they belong to, when each `came`, and when it `went` on.
"""

segment = Table(
    "segment",
    metadata,
    _id(),
    Column("step_id", BigInteger, nullable=False),
    Column("revision_id", BigInteger, nullable=False),
    Column("path", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("created", Double, nullable=False),
    Column("size", BigInteger, nullable=False, default=0, server_default=text("0")),
    Column("hash", Text, nullable=False, default="", server_default=text("''")),
)
"""Parquet files of particles, sorted by exposure.

`size` and `hash`: of the file; 0 and empty for what was made before they were kept.
"""

part = Table(
    "part",
    metadata,
    Column("result_id", BigInteger, primary_key=True, autoincrement=False),
    Column("step_id", BigInteger, nullable=False),
    Column("revision_id", BigInteger, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("segment_id", BigInteger),
    Column("port", Text, nullable=False, default="", server_default=text("''")),
    Index(None, "revision_id", "segment_id"),
)
"""Particles of one exposure; their columns are in the result, at its output `port`, until a segment
takes them."""
