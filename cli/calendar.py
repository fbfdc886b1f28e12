"""`salesos calendar`: the calendars of reps, and when they can be met."""

import json
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from agents.booking.rules import Rules
from cli.opening import cli_of, read_secret, read_yaml, uuid_of
from cli.output import AsJson, print_json, print_table, progress, say
from client import Client
from core.errors import NotFound, Rejected

app = typer.Typer(no_args_is_help=True, help="Reps' calendars, and when they can be met.")
Email = Annotated[str, typer.Option("--user", help="The rep's address; needed where there are several users.")]
_SIGNED_IN = ("google", "microsoft")
_TIMES = 200  # free times that are asked for


@app.command()
def connect(
    context: typer.Context,
    where: Annotated[
        str, typer.Argument(help="google, microsoft, or the address of a CalDAV server, account or calendar.")
    ],
    username: Annotated[str, typer.Option(help="Of CalDAV: as the rep signs in there.")] = "",
    user: Email = "",
    address: Annotated[str, typer.Option(help="What its invitations come from, where that is not the user name.")] = "",
    password_stdin: Annotated[bool, typer.Option(help="Read the password from stdin.")] = False,
    as_json: AsJson = False,
) -> None:
    """Connect a CalDAV account (iCloud, Fastmail, Nextcloud, Radicale …) with a password made for this program.

    Google and Microsoft are connected by the rep, in a browser: the page that they open is printed.
    """
    with cli_of(context).client() as client:
        if where.strip().lower() in _SIGNED_IN:
            _say_page(client, where.strip().lower(), as_json)
            return
        if not username:
            raise Rejected("A CalDAV account needs its user name.", hint="Give it with --username.")
        owner = _user(client, user)
        password = read_secret("Password", from_stdin=password_stdin)
        with progress() as shown:
            shown.add_task("Asking the server", total=None)
            client.connect_calendar(
                url=where, username=username, password=password, address=address, user_id=owner["id"]
            )  # fmt: skip
        _show(client, owner["id"], as_json)


@app.command("list")
def list_(context: typer.Context, user: Email = "", as_json: AsJson = False) -> None:
    """Connected calendars: which count as busy, which gets our events, and when they answered last."""
    with cli_of(context).client() as client:
        _show(client, _user(client, user)["id"] if user else None, as_json)


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
    found = uuid_of(calendar_id, "calendar")
    with cli_of(context).client() as client:
        client.change_calendar(found, counts_busy=busy, gets_events=events, makes_rooms=rooms)
        owner = next(each["user_id"] for each in _calendars(client, None) if each["id"] == str(found))
        _show(client, owner, as_json)


@app.command()
def disconnect(
    context: typer.Context, connection_id: Annotated[str, typer.Argument(help="The account's id, from the list.")]
) -> None:
    """Take an account away. What was booked stays, here and there; its password is forgotten."""
    with cli_of(context).client() as client:
        client.disconnect_calendar(uuid_of(connection_id, "account"))
    say("Disconnected.", style="green")


@app.command()
def check(context: typer.Context, user: Email = "", as_json: AsJson = False) -> None:
    """Ask the calendars now. Exit code 1 where one does not answer: then nothing of its owner's time is free."""
    with cli_of(context).client() as client:
        owner = _user(client, user)
        accounts = list(client.pages(client.list_calendar_connections, user_id=owner["id"]))
        with progress() as shown:
            shown.add_task("Asking the calendars", total=None)
            said = [client.check_calendar_connection(each["id"])["problem"] for each in accounts]
    problem = next((each for each in said if each), "")
    if as_json:
        print_json({"user": owner["email"], "problem": problem})
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
    """When a rep can be met: working hours, buffers, notice, limits, days off, public holidays.

    working_hours: {mon: [["09:00", "12:00"], ["13:00", "17:00"]]}; time_zone; buffer_before, buffer_after, grid
    (minutes); notice_hours; horizon_days; per_day, per_week; country, region; days_off: [2026-12-24];
    overrides: {2026-12-23: ["09:00", "12:00"]}; out_of_office: [{starts_at, ends_at}].
    """
    rules = _rules(read_yaml(file)) if file is not None else None
    with cli_of(context).client() as client:
        owner = _user(client, user)
        found = client.get_availability(owner["id"]) if rules is None else client.set_availability(owner["id"], **rules)
    if as_json:
        print_json(found)
        return
    rows = [(name, str(value)) for name, value in found.items()]
    print_table(f"When {owner['name']} can be met", ["rule", "value"], rows, empty="")


@app.command()
def times(context: typer.Context, user: Email = "", as_json: AsJson = False) -> None:
    """A rep's next free times, as prospects would see them now, in UTC."""
    with cli_of(context).client() as client:
        owner = _user(client, user)
        with progress() as shown:
            shown.add_task("Asking the calendars", total=None)
            found = client.list_free_times(owner["id"], limit=_TIMES)
    if as_json:
        print_json(found)
        return
    rows = [(each["starts_at"], each["ends_at"]) for each in found["items"]]
    print_table(f"Free times of {owner['name']}", ["from", "to"], rows, empty="No time is free.")
    for reason in found["unknown"]:
        say(f"{reason} What is not known to be free is not offered.", style="yellow")


def _say_page(client: Client, name: str, as_json: bool) -> None:
    """Raises Rejected where nobody can be sent there."""
    service = next(each for each in client.list_calendar_services()["items"] if each["name"] == name)
    if service["problem"]:
        raise Rejected(service["problem"], hint="Then start the server again.")
    if as_json:
        print_json({"service": name, "page": service["connect_url"]})
    else:
        say(f"The rep opens this page, signed in, and lets us in at {service['label']}: {service['connect_url']}")


def _rules(written: dict[str, Any]) -> dict[str, Any]:
    """As the API takes it: dates as text, and one window of a day as a list of one. Raises Rejected."""
    known = {*Rules.model_fields, "working_hours", "time_zone"}
    if unknown := sorted(set(map(str, written)) - known):
        raise Rejected(f"There is no rule {unknown[0]!r}.", hint=f"There are: {', '.join(sorted(known))}.")
    rules: dict[str, Any] = json.loads(json.dumps(_texts(written)))
    for group in ("working_hours", "overrides"):
        if isinstance(rules.get(group), dict):
            rules[group] = {
                day: [windows] if windows and isinstance(windows, list) and isinstance(windows[0], str) else windows
                for day, windows in rules[group].items()
            }
    return rules


def _texts(value: Any) -> Any:
    """YAML reads dates and instants; JSON has none, neither as values nor as keys."""
    if isinstance(value, dict):
        return {str(key): _texts(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_texts(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _user(client: Client, email: str) -> dict[str, Any]:
    """Whose calendars are meant: the one named, else whose key it is, else the only one there is."""
    person = client.me()["person"]
    if person is not None and (not email or person["email"] == email.strip().lower()):
        return dict(person)
    active = (each for each in client.pages(client.list_users) if each["active"])
    if email:
        active = (each for each in active if each["email"] == email.strip().lower())
    found = list(islice(active, 2))
    if not found:
        raise NotFound(f"Nobody of this workspace has the address {email}.", hint="See `salesos user list`.")
    if len(found) > 1:
        raise Rejected("There are several users.", hint="Say whose calendar: --user with their address.")
    return dict(found[0])


def _calendars(client: Client, user_id: str | None) -> list[dict[str, Any]]:
    """One a calendar, each with its account."""
    chosen = {"user_id": user_id} if user_id else {}
    return [
        {
            **{
                name: calendar[name]
                for name in ("id", "name", "counts_busy", "gets_events", "makes_rooms", "may_write")
            },
            "user_id": account["user_id"],
            "connection_id": account["id"],
            **{name: account[name] for name in ("service", "account", "state", "problem")},
            "busy_read_at": calendar["answered_at"],
            "told_until": calendar["told_until"],
            "changes": calendar["changes"],
        }
        for account in client.pages(client.list_calendar_connections, **chosen)
        for calendar in account["calendars"]
    ]


def _show(client: Client, user_id: str | None, as_json: bool) -> None:
    found = _calendars(client, user_id)
    if as_json:
        print_json({"items": found})
        return
    columns = ["calendar", "id", "account", "state", "busy", "events", "answered", "changes"]
    rows = [
        (
            each["name"],
            each["id"],
            f"{each['account']} ({each['connection_id']})",
            each["problem"] or each["state"],
            "yes" if each["counts_busy"] else "no",
            "yes" if each["gets_events"] else "no",
            each["busy_read_at"] or "never",
            each["changes"],
        )
        for each in found
    ]
    print_table("Calendars", columns, rows, empty="None is connected: `salesos calendar connect --help`.")
