"""`salesos mailbox`: addresses of ours that send and receive."""

from typing import Annotated

import typer
from sqlmodel import Session, col, select

from agents import mailboxes
from agents.mailboxes import INBOXES, TRANSPORTS, MailboxSettings, check_settings
from agents.ramps import COLD_A_DAY
from api.auth import normal_email
from cli import mailbox_brakes, mailbox_dkim, mailbox_doctor
from cli.mailbox_secrets import secrets_of
from cli.opening import Opened, cli_of, read_secret
from cli.output import AsJson, print_json, print_table, say
from core.errors import Conflict, FixConfiguration, NotFound
from core.ids import stable_id
from store.models import Mailbox, User
from tools.ports import LookupResult, Unknown
from tools.providers.mail_transport.smtp import SmtpSecurity

app = typer.Typer(no_args_is_help=True, help="Addresses that send and receive.")
app.command("doctor")(mailbox_doctor.doctor)
app.command("dkim")(mailbox_dkim.dkim)
app.command("brakes")(mailbox_brakes.show)
app.command("lift")(mailbox_brakes.lift)
app.command("policy")(mailbox_brakes.policy)

_PROBE = "<probe@salesos.invalid>"  # no mail has this Message-ID


Region = Annotated[str | None, typer.Option(help="Of Amazon SES: eu-central-1.")]
ConfigurationSet = Annotated[str | None, typer.Option(help="Of Amazon SES: where it publishes what became of a mail.")]
DataRegion = Annotated[str | None, typer.Option(help="Of SendGrid: global or eu.")]
ClientId = Annotated[str | None, typer.Option(help="Of an application of its own at Google or Microsoft.")]
Tenant = Annotated[str | None, typer.Option(help="Of Microsoft: common, organizations, or the directory's id.")]
SecretsStdin = Annotated[
    bool, typer.Option("--secrets-stdin", help="Read keys and tokens from stdin, NAME=VALUE a line.")
]


@app.command()
def add(
    context: typer.Context,
    address: str,
    user: Annotated[
        str, typer.Option(help="The address of the rep whom it belongs to; the mailbox's own if left out.")
    ] = "",
    display_name: Annotated[str, typer.Option(help="As recipients see it; the rep's name when left out.")] = "",
    transport: Annotated[str, typer.Option(help=f"{', '.join(TRANSPORTS)}.")] = "folder",
    host: Annotated[str, typer.Option(help="The SMTP server.")] = "",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 587,
    security: Annotated[SmtpSecurity, typer.Option()] = SmtpSecurity.STARTTLS,
    username: Annotated[str, typer.Option(help="At the server; the address when left out.")] = "",
    inbox: Annotated[str, typer.Option(help=f"{', '.join(INBOXES)}.")] = "folder",
    inbox_host: Annotated[str, typer.Option(help="The IMAP server.")] = "",
    inbox_port: Annotated[int, typer.Option(min=1, max=65535)] = 993,
    daily_cap: Annotated[int, typer.Option(min=1, max=COLD_A_DAY, help="Cold mails a day, at most.")] = COLD_A_DAY,
    warm_up: Annotated[bool, typer.Option(help="Start with a few mails a day and raise it.")] = False,
    region: Region = None,
    configuration_set: ConfigurationSet = None,
    data_region: DataRegion = None,
    client_id: ClientId = None,
    tenant: Tenant = None,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from stdin.")] = False,
    secrets_stdin: SecretsStdin = False,
    as_json: AsJson = False,
) -> None:
    """Add a mailbox. What lets it in is sealed; it is asked for, never an argument.

    Keys and tokens of services come from the environment (SALESOS_MAILBOX_REFRESH_TOKEN, …_CLIENT_SECRET,
    …_ACCESS_KEY_ID, …_SECRET_ACCESS_KEY, …_API_KEY), from stdin, or are asked for. One at Google or Microsoft without a
    refresh token is connected by a person, on its page.
    """
    address = normal_email(address)
    real = transport == "smtp" or inbox == "imap"
    settings = MailboxSettings(
        display_name=display_name or address,
        transport=transport,
        host=host,
        port=port if transport == "smtp" else 0,
        security=security.value,
        username=(username or address) if real else "",
        inbox=inbox,
        inbox_host=inbox_host,
        inbox_port=inbox_port,
        daily_cap=daily_cap,
        warm_up=warm_up,
    )
    check_settings(settings)
    clear = _given(
        region=region, configuration_set=configuration_set, data_region=data_region, client_id=client_id, tenant=tenant
    )
    with cli_of(context).open() as opened:
        with opened.application.database.read(opened.workspace.id) as session:
            owner = _owner(session, normal_email(user) if user else address)
            if session.exec(select(Mailbox.id).where(Mailbox.address == address)).first() is not None:
                raise Conflict("There is a mailbox of this address already.", hint="`salesos mailbox list` shows it.")
        secrets = secrets_of(transport, inbox, from_stdin=secrets_stdin, ask=True)
        password = read_secret("The mailbox's password", from_stdin=password_stdin) if real else ""
        with opened.context.database.write(opened.workspace.id) as session:
            row = mailboxes.add(
                session,
                opened.context,
                stable_id("mailbox", opened.workspace.id, address),
                settings.model_copy(update={"display_name": display_name or owner.name}),
                address=address,
                user_id=owner.id,
                password=password,
                connection={**clear, **secrets},
                by=opened.actor,
            )
            mailbox_id, problem = row.id, row.connection_problem
        page = f"{opened.application.settings.public_url}/mailboxes/{mailbox_id}" if problem else ""
    if as_json:
        print_json({"id": mailbox_id, "address": address, "problem": problem, "page": page})
    elif problem:
        say(f"Added {address}. {problem} {page}", style="yellow")
    else:
        say(f"Added {address}. `salesos mailbox test {address}` tries it.", style="green")


@app.command("set")
def set_(
    context: typer.Context,
    address: str,
    transport: Annotated[str | None, typer.Option(help=f"{', '.join(TRANSPORTS)}.")] = None,
    inbox: Annotated[str | None, typer.Option(help=f"{', '.join(INBOXES)}.")] = None,
    display_name: Annotated[str | None, typer.Option(help="As recipients see it.")] = None,
    daily_cap: Annotated[int | None, typer.Option(min=1, max=COLD_A_DAY, help="Cold mails a day, at most.")] = None,
    region: Region = None,
    configuration_set: ConfigurationSet = None,
    data_region: DataRegion = None,
    client_id: ClientId = None,
    tenant: Tenant = None,
    secrets_stdin: SecretsStdin = False,
    as_json: AsJson = False,
) -> None:
    """Change how a mailbox sends and is read, and what lets it in. What is left out stays.

    Keys and tokens come from the environment or from stdin, as with `add`; a new refresh token connects it again.
    """
    values = _given(transport=transport, inbox=inbox, display_name=display_name)
    clear = _given(
        region=region, configuration_set=configuration_set, data_region=data_region, client_id=client_id, tenant=tenant
    )
    with cli_of(context).open() as opened, opened.context.database.write(opened.workspace.id) as session:
        asked = opened.context
        row = mailboxes.mailbox(session, asked, _by_address(session, address).id)
        settings = mailboxes.settings_of(row).model_copy(
            update={**values, **({} if daily_cap is None else {"daily_cap": daily_cap})}
        )
        secrets = secrets_of(settings.transport, settings.inbox, from_stdin=secrets_stdin, ask=False)
        changed = mailboxes.change(session, asked, row, settings, connection={**clear, **secrets}, by=opened.actor)
        state, problem = row.state, row.connection_problem
    if as_json:
        print_json({"address": address, "changed": changed, "state": state, "problem": problem})
    else:
        say(f"{address}: {', '.join(changed) or 'nothing changed'}. {problem}".strip())


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


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
    _move(context, address, reason, as_json)


@app.command()
def resume(context: typer.Context, address: str, as_json: AsJson = False) -> None:
    """Let it send again."""
    _move(context, address, None, as_json)


@app.command("test")
def try_it(context: typer.Context, address: str, as_json: AsJson = False) -> None:
    """Ask its servers or services whether they let us in. Nothing is sent."""
    with cli_of(context).open() as opened:
        with opened.application.database.read(opened.workspace.id) as session:
            row = _by_address(session, address)
        tools = opened.context.tools
        services = tools.mail_connections
        if services is not None and (problem := services.problem(row)):
            raise FixConfiguration(f"{row.address}: {problem}")
        _lets_in_again(opened, address)
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


def _lets_in_again(opened: Opened, address: str) -> None:
    """What was closed and is taken again goes on."""
    with opened.context.database.write(opened.workspace.id) as session:
        row = mailboxes.mailbox(session, opened.context, _by_address(session, address).id)
        mailboxes.lets_in_again(session, opened.context, row, by=opened.actor)


def _inbox_says(opened: Opened, row: Mailbox) -> str:
    """Raises FixConfiguration where it does not let us in."""
    answer = opened.context.tools.inbox(row).fetch(row.inbox_cursor, 1)
    if isinstance(answer, Unknown):
        raise FixConfiguration(
            f"The inbox of {row.address} cannot be read: {answer.reason}", hint="Check host, port, user and password."
        )
    return "it can be read"


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


def _move(context: typer.Context, address: str, reason: str | None, as_json: bool) -> None:
    """`reason` None: it is resumed."""
    with cli_of(context).open() as opened, opened.context.database.write(opened.workspace.id) as session:
        row = mailboxes.mailbox(session, opened.context, _by_address(session, address).id)
        if reason is None:
            mailboxes.resume(session, opened.context, row, by=opened.actor)
        else:
            mailboxes.pause(session, opened.context, row, reason, by=opened.actor)
        address, state, why = row.address, row.state, row.pause_reason
    if as_json:
        print_json({"address": address, "state": state, "pause_reason": why})
    else:
        say(f"{address} is {state.value}.")
