"""`icestream facility`: which commands there are. Each is loaded only when it is called."""

from cyclopts import App

__all__ = ["COMMANDS", "app"]

COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("example", "looking:example", "Print a facility file to begin with."),
    ("check", "looking:check", "Say all that is wrong with the facility file."),
    ("status", "looking:status", "Say how the facility's duties go."),
    ("rebuild", "looking:rebuild_", "Make the registry anew from the sessions' folders."),
    ("bookings", "booked:bookings", "Say who has booked the microscopes."),
    ("projects", "booked:projects", "Say what projects there are."),
    ("people", "who:people", "Say who is known, of which team and projects."),
    ("member", "who:member", "Let somebody be one of the people of a project, or no more."),
    ("project", "who:project", "Say what a project is: its title, team, who may know of it."),
    ("sinks", "sinks:sinks", "Say how far results were delivered, or deliver them now."),
    ("up", "up:up", "Have a whole facility in a folder, to try it and to develop with."),
    ("units", "services:units", "Write units of systemd for the server and the duties."),
    ("keep", "keep:keep", "Say what the rules would remove, and why the rest stays; or do it."),
    ("hold", "holding:hold", "Keep a session, whatever the rules say."),
    ("release", "holding:release", "End the holds of a session."),
    ("removals", "keep:removals", "List what was removed, and until when it can be brought back."),
    ("undo-removal", "keep:undo_removal", "Bring back what was removed."),
    ("account", "account:account", "Say where every byte of the sessions is."),
    ("forecast", "account:forecast", "Say when the disk of the sessions will be full."),
    ("memory", "memory:memory", "Say how microscopes do over sessions: charts, percentiles."),
    ("occasion", "occasion:occasion", "Write down what happened to a microscope; list it."),
    ("statistics", "statistics:statistics", "Count sessions, exposures, hours by month or team."),
    ("transfer", "transfer:transfer", "Say how far copies from the microscopes are."),
    ("backup", "backup:backup", "Say what is backed up where; back up, verify."),
    ("lost-disk", "backup:lost_disk", "Back up again what was on a disk that is lost."),
    ("restore", "backup:restore", "Bring a session back from a backup."),
    ("restore-registry", "registry:restore_registry", "Bring the registry back from a backup."),
    ("handover", "handover:handover", "Offer a session's data to people."),
    ("messages", "messages:messages", "List what was asked by message, and try it again."),
    ("run", "run:run", "Do what the facility does over and over, until it is stopped."),
    ("invoices", "invoices:app", "Say what is due, issue invoices, credit them, find the rest."),
    ("beamtime", "beamtime:beamtime", "Say how much beam time there was, by whose it was."),
)
"""Name, where it is (below icestream.cli.facility), and what it does."""

app = App(name="facility", help="Bookings, places, transfer, results, money around sessions.")
for _order, (_name, _module, _help) in enumerate(COMMANDS):
    app.command(f"icestream.cli.facility.{_module}", name=_name, help=_help, sort_key=_order)
