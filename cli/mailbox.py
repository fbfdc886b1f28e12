"""`salesos mailbox`: addresses of ours that send and receive."""

from typing import Annotated

import typer
from sqlmodel import Session, col, select

from api.auth import normal_email
from cli.opening import Opened, cli_of, read_secret
from cli.output import AsJson, print_json, print_table, say
from core.errors import Conflict, FixConfiguration, NotFound, Rejected
from core.ids import stable_id
from store import audit
from store.models import Mailbox, MailboxState, User
from tools.ports import LookupResult, Unknown
from tools.providers.mail_transport.smtp import SmtpSecurity

app = typer.Typer(no_args_is_help=True, help="Addresses that send and receive.")

_TRANSPORTS, _INBOXES = ("folder", "smtp"), ("folder", "imap")
_PROBE = "<probe@salesos.invalid>"  # no mail has this Message-ID


@app.command()
def add(
    context: typer.Context,
    address: str,
    user: Annotated[
        str, typer.Option(help="The address of the rep whom it belongs to; the mailbox's own if left out.")
    ] = "",
    display_name: Annotated[str, typer.Option(help="As recipients see it; the rep's name when left out.")] = "",
    transport: Annotated[str, typer.Option(help="folder or smtp.")] = "folder",
    host: Annotated[str, typer.Option(help="The SMTP server.")] = "",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 587,
    security: Annotated[SmtpSecurity, typer.Option()] = SmtpSecurity.STARTTLS,
    username: Annotated[str, typer.Option(help="At the server; the address when left out.")] = "",
    inbox: Annotated[str, typer.Option(help="folder or imap.")] = "folder",
    inbox_host: Annotated[str, typer.Option(help="The IMAP server.")] = "",
    inbox_port: Annotated[int, typer.Option(min=1, max=65535)] = 993,
    daily_cap: Annotated[int, typer.Option(min=1, max=2_000, help="Cold mails a day, at most.")] = 50,
    warm_up: Annotated[bool, typer.Option(help="Start with a few mails a day and raise it.")] = False,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from stdin.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a mailbox. Its password is sealed; it is asked for, never an argument."""
    address = normal_email(address)
    _check(transport, host, inbox, inbox_host)
    real = transport == "smtp" or inbox == "imap"
    with cli_of(context).open() as opened:
        with opened.application.database.read(opened.workspace.id) as session:
            owner = _owner(session, normal_email(user) if user else address)
            if session.exec(select(Mailbox.id).where(Mailbox.address == address)).first() is not None:
                raise Conflict("There is a mailbox of this address already.", hint="`salesos mailbox list` shows it.")
        mailbox_id = stable_id("mailbox", opened.workspace.id, address)
        password = read_secret("The mailbox's password", from_stdin=password_stdin) if real else ""
        asked = opened.context
        sealed = asked.sealer.seal(password, context=f"mailbox|password|{mailbox_id}") if password else ""
        row = Mailbox(
            workspace_id=opened.workspace.id,
            id=mailbox_id,
            user_id=owner.id,
            address=address,
            display_name=display_name or owner.name,
            transport=transport,
            host=host,
            port=port if transport == "smtp" else 0,
            security=security.value,
            username=(username or address) if real else "",
            password_sealed=sealed,
            inbox=inbox,
            inbox_host=inbox_host,
            inbox_port=inbox_port,
            daily_cap=daily_cap,
            ramp_started_at=asked.clock.now() if warm_up else None,
            created_at=asked.clock.now(),
        )
        with asked.database.write(opened.workspace.id) as session:
            session.add(row)
            session.flush()
            _audit(session, opened, row, "mailbox.added")
    if as_json:
        print_json({"id": mailbox_id, "address": address})
    else:
        say(f"Added {address}. `salesos mailbox test {address}` tries it.", style="green")


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the mailboxes and their states."""
    with cli_of(context).open() as opened, opened.application.database.read(opened.workspace.id) as session:
        found = session.exec(select(Mailbox).order_by(col(Mailbox.address))).all()
    fields = ("id", "address", "display_name", "state", "pause_reason", "transport", "inbox", "daily_cap")
    if as_json:
        print_json([{field: getattr(row, field) for field in fields} for row in found])
        return
    rows = [[getattr(row, field) for field in fields[1:]] for row in found]
    columns = ["address", "name", "state", "why paused", "transport", "inbox", "a day"]
    print_table("Mailboxes", columns, rows, empty="No mailbox yet: salesos mailbox add.")


@app.command()
def pause(
    context: typer.Context,
    address: str,
    reason: Annotated[str, typer.Option(help="For those who wonder why nothing leaves.")] = "paused by hand",
    as_json: AsJson = False,
) -> None:
    """Send nothing from it until it is resumed."""
    _move(context, address, MailboxState.PAUSED, reason, as_json)


@app.command()
def resume(context: typer.Context, address: str, as_json: AsJson = False) -> None:
    """Let it send again."""
    _move(context, address, MailboxState.ACTIVE, "", as_json)


@app.command("test")
def try_it(context: typer.Context, address: str, as_json: AsJson = False) -> None:
    """Ask its servers whether they let us in. Nothing is sent."""
    with cli_of(context).open() as opened:
        with opened.application.database.read(opened.workspace.id) as session:
            row = _by_address(session, address)
        tools = opened.context.tools
        answers = {"inbox": _inbox_says(opened, row)}
        found = tools.transport(row).lookup(_PROBE)
        answers["transport"] = (
            "its sent mail can be searched"
            if found is not LookupResult.UNSUPPORTED
            else "it cannot be asked about sent mail: an outcome that is not known waits for a person"
        )
    if as_json:
        print_json({"address": row.address, **answers})
    else:
        for part, answer in answers.items():
            say(f"{part}: {answer}")


def _inbox_says(opened: Opened, row: Mailbox) -> str:
    """Raises FixConfiguration where it does not let us in."""
    answer = opened.context.tools.inbox(row).fetch(row.inbox_cursor, 1)
    if isinstance(answer, Unknown):
        raise FixConfiguration(
            f"The inbox of {row.address} cannot be read: {answer.reason}", hint="Check host, port, user and password."
        )
    return "it can be read"


def _check(transport: str, host: str, inbox: str, inbox_host: str) -> None:
    for value, allowed, option in ((transport, _TRANSPORTS, "--transport"), (inbox, _INBOXES, "--inbox")):
        if value not in allowed:
            raise Rejected(f"{option} is {value!r}.", hint=f"Choose {' or '.join(allowed)}.")
    if transport == "smtp" and not host:
        raise Rejected("An SMTP mailbox needs its server.", hint="Give --host.")
    if inbox == "imap" and not inbox_host:
        raise Rejected("An IMAP inbox needs its server.", hint="Give --inbox-host.")


def _owner(session: Session, address: str) -> User:
    found = session.exec(select(User).where(User.email == address)).first()
    if found is None:
        raise NotFound(f"Nobody signs in as {address}.", hint="Give --user with the address of the rep it belongs to.")
    return found


def _by_address(session: Session, address: str) -> Mailbox:
    found = session.exec(select(Mailbox).where(Mailbox.address == address.strip().lower())).first()
    if found is None:
        raise NotFound(f"There is no mailbox {address}.", hint="`salesos mailbox list` names them.")
    return found


def _move(context: typer.Context, address: str, state: MailboxState, reason: str, as_json: bool) -> None:
    with cli_of(context).open() as opened, opened.context.database.write(opened.workspace.id) as session:
        row = _by_address(session, address)
        row.state, row.pause_reason = state, reason
        session.add(row)
        session.flush()
        _audit(session, opened, row, f"mailbox.{state.value}")
    if as_json:
        print_json({"address": row.address, "state": state, "pause_reason": reason})
    else:
        say(f"{row.address} is {state.value}.")


def _audit(session: Session, opened: Opened, row: Mailbox, action: str) -> None:
    asked = opened.context
    audit.append(
        session, asked.clock, asked.ids, actor=opened.actor, action=action, subject_kind="mailbox", subject_id=row.id
    )
