"""`salesos calendar`: the calendars of reps, and when they can be met."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlmodel import col, select

from agents.booking import connecting, diary, telling
from agents.booking.rules import rules_of
from cli.opening import Opened, cli_of, read_secret, read_yaml, uuid_of
from cli.output import AsJson, print_json, print_table, progress, say
from core.errors import NotFound, Rejected
from store.models import CalendarConnection, ConnectedCalendar, User
from workers import calendar_sync

app = typer.Typer(no_args_is_help=True, help="Reps' calendars, and when they can be met.")
Email = Annotated[str, typer.Option("--user", help="The rep's address; needed where there are several users.")]


@app.command()
def connect(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Of the CalDAV server, the account or one calendar.")],
    username: Annotated[str, typer.Option(help="As the rep signs in there.")],
    user: Email = "",
    address: Annotated[str, typer.Option(help="What its invitations come from, where that is not the user name.")] = "",
    password_stdin: Annotated[bool, typer.Option(help="Read the password from stdin.")] = False,
    as_json: AsJson = False,
) -> None:
    """Connect a CalDAV account (iCloud, Fastmail, Nextcloud, Radicale …) with a password made for this program."""
    with cli_of(context).open() as opened:
        owner = _user(opened, user)
        password = read_secret("Password", from_stdin=password_stdin)
        login = connecting.Login(url, username, password, address)
        with progress() as shown:
            shown.add_task("Asking the server", total=None)
            row = connecting.connect_caldav(opened.context, owner.id, login, by=opened.actor)
            calendar_sync.look_now(opened.context, row.id)
        _show(opened, owner.id, as_json)


@app.command("list")
def list_(context: typer.Context, user: Email = "", as_json: AsJson = False) -> None:
    """Connected calendars: which count as busy, which gets our events, and when they answered last."""
    with cli_of(context).open() as opened:
        _show(opened, _user(opened, user).id if user else None, as_json)


@app.command()
def use(
    context: typer.Context,
    calendar_id: Annotated[str, typer.Argument(help="From `salesos calendar list`.")],
    busy: Annotated[bool | None, typer.Option("--busy/--not-busy", help="Whether its times are taken.")] = None,
    events: Annotated[bool | None, typer.Option("--events/--no-events", help="Whether our events go there.")] = None,
    rooms: Annotated[bool | None, typer.Option("--rooms/--no-rooms", help="Ask it for a room for video calls.")] = None,
    as_json: AsJson = False,
) -> None:
    """Choose what a calendar is for."""
    with cli_of(context).open() as opened:
        row = connecting.use(
            opened.context,
            uuid_of(calendar_id, "calendar"),
            counts_busy=busy,
            gets_events=events,
            makes_rooms=rooms,
            by=opened.actor,
        )
        _show(opened, row.user_id, as_json)


@app.command()
def disconnect(
    context: typer.Context, connection_id: Annotated[str, typer.Argument(help="The account's id, from the list.")]
) -> None:
    """Take an account away. What was booked stays, here and there; its password is forgotten."""
    with cli_of(context).open() as opened:
        connecting.disconnect(opened.context, uuid_of(connection_id, "account"), by=opened.actor)
    say("Disconnected.", style="green")


@app.command()
def check(context: typer.Context, user: Email = "", as_json: AsJson = False) -> None:
    """Ask the calendars now. Exit code 1 where one does not answer: then nothing of its owner's time is free."""
    with cli_of(context).open() as opened:
        owner = _user(opened, user)
        with progress() as shown:
            shown.add_task("Asking the calendars", total=None)
            problem = diary.refresh(opened.context, owner.id, anew=True)
    if as_json:
        print_json({"user": owner.email, "problem": problem})
    else:
        say(problem or "Every calendar answers.", style="red" if problem else "green")
    if problem:
        raise typer.Exit(1)


@app.command()
def hours(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="YAML with the rules; shown without one.")] = None,
    user: Email = "",
    as_json: AsJson = False,
) -> None:
    """When a rep can be met, beside their working hours: buffers, notice, limits, days off, public holidays.

    buffer_before, buffer_after, grid (minutes); notice_hours; horizon_days; per_day, per_week; country, region;
    days_off: [2026-12-24]; overrides: {2026-12-23: ["09:00", "12:00"]}; out_of_office: [{starts_at, ends_at}].
    """
    with cli_of(context).open() as opened:
        owner = _user(opened, user)
        if file is not None:
            connecting.set_rules(opened.context, owner.id, read_yaml(file), by=opened.actor)
        with opened.context.database.read(opened.workspace.id) as session:
            found = rules_of(session, owner).model_dump(mode="json")
    if as_json:
        print_json(found)
        return
    rows = [(name, str(value)) for name, value in found.items()]
    print_table(f"When {owner.name} can be met", ["rule", "value"], rows, empty="")


def _user(opened: Opened, email: str) -> User:
    with opened.context.database.read(opened.workspace.id) as session:
        query = select(User).where(col(User.active)).order_by(col(User.email))
        if email:
            query = query.where(User.email == email.strip().lower())
        found = list(session.exec(query.limit(2)))
    if not found:
        raise NotFound(f"Nobody of this workspace has the address {email}.", hint="See `salesos user list`.")
    if len(found) > 1:
        raise Rejected("There are several users.", hint="Say whose calendar: --user with their address.")
    return found[0]


def _show(opened: Opened, user_id: UUID | None, as_json: bool) -> None:
    with opened.context.database.read(opened.workspace.id) as session:
        pairs = connecting.calendars_of(session, user_id)
        told = telling.tellings(session, opened.context.settings, opened.context.clock.now(), pairs)
        found = [_row(*pair, told[pair[1].id]) for pair in pairs]
    if as_json:
        print_json({"items": found})
        return
    columns = ["calendar", "id", "account", "state", "busy", "events", "answered", "changes"]
    rows = [
        (
            str(each["name"]),
            str(each["id"]),
            f"{each['account']} ({each['connection_id']})",
            str(each["problem"] or each["state"]),
            "yes" if each["counts_busy"] else "no",
            "yes" if each["gets_events"] else "no",
            str(each["busy_read_at"] or "never"),
            str(each["changes"]),
        )
        for each in found
    ]
    print_table("Calendars", columns, rows, empty="None is connected: `salesos calendar connect --help`.")


def _row(connection: CalendarConnection, calendar: ConnectedCalendar, told: telling.Telling) -> dict[str, Any]:
    return {
        "id": str(calendar.id),
        "name": calendar.name,
        "connection_id": str(connection.id),
        "service": connection.service,
        "account": connection.account,
        "state": connection.state.value,
        "problem": connection.problem,
        "counts_busy": calendar.counts_busy,
        "gets_events": calendar.gets_events,
        "makes_rooms": calendar.makes_rooms,
        "may_write": calendar.may_write,
        "busy_read_at": calendar.busy_read_at.isoformat() if calendar.busy_read_at else None,
        "told_until": told.until.isoformat() if told.until else None,
        "changes": told.words,
    }
