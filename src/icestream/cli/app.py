"""The command line: which commands there are. Each is loaded only when it is called.

Exit status: 0 done; 1 the work ended but something is left to look at; 2 it could not start,
because of what was asked; 70 a defect of icestream; 130 interrupted.
"""

import os
import sys
import traceback

from cyclopts import App, CycloptsError, Group

from icestream import __version__
from icestream.shown import open_closed_streams, show_plainly

__all__ = ["COMMANDS", "build", "main"]

_SESSION = Group("A session", sort_key=1)
_WORKFLOW = Group("Workflows and protocols", sort_key=2)
_FACILITY = Group("A facility", sort_key=3)
_MACHINE = Group("This machine", sort_key=4)

COMMANDS: tuple[tuple[str, str, str, Group], ...] = (
    ("process", "process:process", "Process movies while they arrive, up to a report.", _SESSION),
    ("run", "run:run", "Run a workflow file in a session folder.", _SESSION),
    ("status", "status:status", "Say where a session stands.", _SESSION),
    ("check", "check:check", "Look whether a session's files are there, whole.", _SESSION),
    ("pause", "control:pause", "Hold a session, or one of its steps.", _SESSION),
    ("resume", "control:resume", "Let a session or a step go on.", _SESSION),
    ("stop", "control:stop", "Take nothing new, finish what has begun.", _SESSION),
    ("abort", "control:abort", "End everything within a second.", _SESSION),
    ("retry", "control:retry", "Try again what failed.", _SESSION),
    ("give-up", "control:give_up", "Wait no more for movies that are gone for good.", _SESSION),
    ("set", "change:change", "Change a step's parameters; only what depends reruns.", _SESSION),
    ("order", "control:order", "Say which exposures go first.", _SESSION),
    ("try", "trying:try_", "Try a change on some exposures, beside what runs.", _SESSION),
    ("compare", "compare:compare", "Show two branches side by side.", _SESSION),
    ("branches", "branches:branches", "List what is tried beside what runs.", _SESSION),
    ("adopt", "adopt:adopt", "Take a branch for all, or what an alert offers.", _SESSION),
    ("drop", "branches:drop", "Try a branch no more.", _SESSION),
    ("undo", "branches:undo", "Take back the last change.", _SESSION),
    ("alerts", "alert_commands:alerts", "List alerts, each with its number.", _SESSION),
    ("acknowledge", "alert_commands:acknowledge", "Take care of alerts.", _SESSION),
    ("mute", "alert_commands:mute", "Send nothing of a kind of alerts for a time.", _SESSION),
    ("rearm", "alert_commands:rearm", "Send a kind of alerts again.", _SESSION),
    ("accept", "decide:accept", "Accept an exposure, whatever a selection said.", _SESSION),
    ("reject", "decide:reject", "Reject an exposure, whatever a selection said.", _SESSION),
    ("picks", "picks:picks", "Correct the picks of an exposure by hand.", _SESSION),
    ("history", "history:history_of", "List what was decided: who, when, what, why.", _SESSION),
    ("report", "report:report", "Write a session's report, once or all the time.", _SESSION),
    ("table", "table:table", "Write exposures or a step's results as CSV or JSON.", _SESSION),
    ("clean", "clean:clean", "Show what is on disk; remove what nothing needs.", _SESSION),
    ("serve", "serve:serve", "Show sessions in any browser.", _SESSION),
    ("export", "export:app", "Hand a session over to another program.", _SESSION),
    (
        "workflow",
        "workflow:app",
        "List, show, check, import, export and edit workflows.",
        _WORKFLOW,
    ),
    ("protocols", "protocols:app", "List protocols and show what each can do.", _WORKFLOW),
    ("plugin", "plugin:app", "Check a plugin against the rules for protocols.", _WORKFLOW),
    ("simulate", "simulate:simulate", "Be a microscope: write a session's movies.", _MACHINE),
    ("demo", "demo:demo", "Process a simulated session while it is written.", _MACHINE),
    ("doctor", "doctor:doctor", "Say what this machine has and what is missing.", _MACHINE),
    ("plan", "plan:plan", "Say what this machine keeps up with; what is needed.", _MACHINE),
    ("people", "people:app", "Say who may use the server, and as what.", _MACHINE),
    ("session", "facility.session:app", "Begin a session for who has booked; find it.", _FACILITY),
    ("facility", "facility.app:app", "Bookings, places, transfer, results, money.", _FACILITY),
    ("usage", "usage:app", "Count what is used, if you want it, and send that.", _MACHINE),
    ("settings", "settings:app", "Show settings and where each came from; change them.", _MACHINE),
)
"""Name, where it is (below icestream.cli), what it does, and its group in the help."""

DEFECT = 70
"""Exit status for what nobody foresaw (EX_SOFTWARE)."""


def build(called: str = "") -> App:
    """The whole command line; no command's module is imported yet.

    The command `called` gets no short help, so that its own, longer one is shown.
    """
    app = App(
        name="icestream",
        help="Process cryo-EM movies while the microscope acquires them.",
        help_epilogue="Each command explains itself: icestream COMMAND --help",
        version=__version__,
    )
    for order, (name, module, help_text, group) in enumerate(COMMANDS):
        target = f"icestream.cli.{module}"
        # Its options come from the workflow, so it reads its own command line.
        own = {"help_flags": (), "version_flags": ()} if name == "process" else {}
        short = None if name == called else help_text
        app.command(target, name=name, help=short, group=group, sort_key=order, **own)
    return app


_DAMAGED = ("file is not a database", "malformed", "file is encrypted")
"""What SQLite says of a file that is damaged."""


def main() -> None:
    """Run the command line and say what went wrong in plain words."""
    open_closed_streams()
    show_plainly()
    tokens = sys.argv[1:]
    try:
        app = build(called=tokens[0] if tokens else "")
        app(tokens, print_error=False, exit_on_error=False)
    except BrokenPipeError:
        # The reader of our output, such as `head`, has gone: that is not our failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except CycloptsError as error:
        from icestream.cli.mistakes import mistake_words

        print(f"icestream: {mistake_words(error)}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        if not _foreseen(error):
            traceback.print_exc()
            print("icestream: this is a defect of icestream; please report it", file=sys.stderr)
            sys.exit(DEFECT)
        print(f"icestream: {_plain(error)}", file=sys.stderr)
        sys.exit(2)


def _foreseen(error: Exception) -> bool:
    """Whether the error's own text tells the person what to do."""
    ours = type(error).__module__.partition(".")[0] == "icestream"
    asked = type(error) is LookupError or type(error).__name__ == "ValidationError"
    lost = _lost_store(error) or _damaged_store(error)
    return ours or asked or lost or isinstance(error, OSError)


def _lost_store(error: Exception) -> bool:
    """Whether a database cannot be used now; told by names, for not every command needs one."""
    kind = type(error)
    return kind.__module__.startswith("sqlalchemy") and kind.__name__ == "OperationalError"


def _damaged_store(error: Exception) -> bool:
    """Whether the file of a store is no store any more: cut, overwritten, or of a broken disk."""
    kind = type(getattr(error, "orig", error))
    said = str(error)
    return kind.__module__ == "sqlite3" and any(word in said for word in _DAMAGED)


def _plain(error: Exception) -> str:
    if _damaged_store(error):
        why = str(getattr(error, "orig", error))
        return (
            f"the session's store, icestream.db in its folder, is damaged ({why}). The files of"
            " its results are not touched by that. Bring it back from a backup, with"
            " icestream.db-wal if that is there; or process the movies anew into another folder"
        )
    if _lost_store(error):
        why = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        return f"the session's store cannot be used now: {why}"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    problems = getattr(error, "errors", None)
    if callable(problems):
        return "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'value'}: {problem['msg']}"
            f" (given: {problem['input']!r})"
            for problem in problems()
        )
    return str(error)
