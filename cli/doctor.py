"""`salesos doctor`: what is set up, what is missing, and what to do about it."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import sqlalchemy as sa
import typer
from sqlmodel import col, select

from agents.offer import check_offer
from agents.policy import load_policy
from cli.opening import Cli, Opened, cli_of
from cli.output import AsJson, console, print_json
from core.errors import FixConfiguration, SalesOSError
from core.settings import DeliveryMode, Settings
from graphs.parked import stranded_threads
from store import audit, migrations, rls
from store.models import Budget, Mailbox, MailboxState, OutboxItem, OutboxState
from store.queries import triggers
from workers.runtime import ANCHORS

_REACH_SECONDS = 3.0


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    what: str
    hint: str = ""


_STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}


def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Look at everything that this needs to work. Exit code 1 where something fails."""
    findings = list(_examine(cli_of(context)))
    if as_json:
        print_json(findings)
    else:
        out = console()
        for finding in findings:
            out.print(f"{finding.level.value:<5}", style=_STYLES[finding.level], end="")
            out.print(finding.what, markup=False, soft_wrap=True)
            if finding.hint:
                out.print(f"     {finding.hint}", style="dim", markup=False, soft_wrap=True)
    if any(finding.level is Level.FAIL for finding in findings):
        raise typer.Exit(1)


def _examine(cli: Cli) -> Iterator[Finding]:
    settings = cli.settings
    yield Finding(Level.OK, f"Data directory: {settings.data_dir.resolve()}.")
    schema = list(_schema(settings))
    yield from schema
    if any(finding.level is Level.FAIL for finding in schema):
        return  # nothing else can be asked
    try:
        with cli.open() as opened:
            yield Finding(Level.OK, "The master keys are there.")
            yield Finding(Level.OK, f"Workspace: {opened.workspace.slug}.")
            for check in _CHECKS:
                yield from _safely(check, opened)
    except SalesOSError as error:
        yield Finding(Level.FAIL, error.message, error.hint)


def _safely(check: Callable[[Opened], Iterator[Finding]], opened: Opened) -> Iterator[Finding]:
    """One check that breaks must not hide what the others find."""
    try:
        yield from check(opened)
    except SalesOSError as error:
        yield Finding(Level.FAIL, error.message, error.hint)


def _schema(settings: Settings) -> Iterator[Finding]:
    engine = sa.create_engine(settings.store_url, poolclass=sa.NullPool)
    if not settings.is_postgres and not (settings.data_dir.exists() or settings.database_url):
        yield Finding(Level.FAIL, "There is no database yet.", "Run `salesos init`.")
        return
    try:
        with engine.connect() as connection:
            found, newest = migrations.current(connection), migrations.head_revision()
            bypassed = rls.bypassed(connection)
            lacking = rls.problems(connection) if found == newest else []
    except sa.exc.OperationalError as error:
        hint = "Check SALESOS_DATABASE_URL and that the server runs; or run `salesos init`."
        yield Finding(Level.FAIL, f"The database cannot be reached ({type(error.orig).__name__}).", hint)
        return
    finally:
        engine.dispose()
    kind = "PostgreSQL" if settings.is_postgres else "SQLite"
    if found != newest:
        yield Finding(
            Level.FAIL,
            f"The schema is at {found or 'none'}; the newest is {newest}.",
            "Run `salesos init`: it migrates.",
        )
        return
    yield Finding(Level.OK, f"The database ({kind}) is reachable and its schema is current.")
    for problem in lacking:
        yield Finding(Level.FAIL, problem, "Run `salesos init` with SALESOS_ADMIN_DATABASE_URL set to the owner's URL.")
    if bypassed:
        hint = f'Connect as "{rls.APP_ROLE}"; keep the owner\'s URL in SALESOS_ADMIN_DATABASE_URL.'
        yield Finding(Level.WARN, "The database user is not bound by row-level security.", hint)


def _workspace(opened: Opened) -> Iterator[Finding]:
    if not opened.workspace.postal_address:
        yield Finding(Level.FAIL, "The workspace has no postal address.", "The law wants it in every mail.")
    try:
        check_offer(opened.workspace.offer)
        yield Finding(Level.OK, "The offer can be used.")
    except FixConfiguration as error:
        yield Finding(Level.WARN, "There is no offer that drafts could speak of.", error.hint)
    now = opened.context.clock.now()
    with opened.application.database.read(opened.workspace.id) as session:
        policy = load_policy(session)
        budget = session.exec(select(Budget).where(Budget.scope == f"workspace:{now:%Y-%m}")).first()
    if policy.kill_switch:
        yield Finding(Level.WARN, "The kill switch is on: nothing is sent.", "Turn it off with `salesos policy set`.")
    if not policy.legitimate_interest_assessment:
        hint = "File your balancing test and name it in the policy: `salesos policy set examples/policy.yaml`."
        yield Finding(Level.WARN, "No legitimate-interest assessment: contacts whose country asks for one wait.", hint)
    if budget is None:
        hint = "`salesos init --budget-minor 10000` sets it; without it nothing that costs is asked."
        yield Finding(Level.WARN, f"There is no budget for {now:%Y-%m}.", hint)
    else:
        left = (budget.limit_micros - budget.spent_micros - budget.reserved_micros) / 1e8
        yield Finding(Level.OK, f"Budget of {now:%Y-%m}: {left:.2f} {opened.workspace.currency} left.")


def _threads(opened: Opened) -> Iterator[Finding]:
    threads = opened.application.threads
    stranded = stranded_threads(threads.graph, threads.checkpointer)
    if stranded:
        hint = "A node was renamed; their decisions enter anew when they are made. Report it."
        yield Finding(Level.WARN, f"{len(stranded)} parked threads wait at a node that no longer exists.", hint)
    with opened.application.database.read(opened.workspace.id) as session:
        resting = triggers.resting(session, limit=1_000)
    if not resting:
        yield Finding(Level.OK, "No step waits for a person to mend it.")
    for trigger in resting[:5]:
        what = f"A step rests: {trigger.kind} of {trigger.subject_kind} {trigger.subject_id}: {trigger.last_error}"
        yield Finding(Level.WARN, what, f"salesos explain {trigger.subject_id}")
    if len(resting) > 5:
        yield Finding(Level.WARN, f"… and {len(resting) - 5} more steps rest.")


def _mail(opened: Opened) -> Iterator[Finding]:
    with opened.application.database.read(opened.workspace.id) as session:
        mailboxes = session.exec(select(Mailbox).order_by(col(Mailbox.address))).all()
        unknown = session.exec(
            select(sa.func.count()).select_from(OutboxItem).where(OutboxItem.state == OutboxState.UNKNOWN)
        ).one()
    if not mailboxes:
        yield Finding(Level.WARN, "There is no mailbox: nothing can be sent.", "salesos mailbox add")
    for mailbox in mailboxes:
        if mailbox.state is MailboxState.PAUSED:
            hint = f"salesos mailbox resume {mailbox.address}"
            yield Finding(Level.WARN, f"Mailbox {mailbox.address} is paused: {mailbox.pause_reason}.", hint)
        else:
            yield Finding(Level.OK, f"Mailbox {mailbox.address} ({mailbox.transport}), {mailbox.daily_cap} a day.")
    if unknown:
        hint = "salesos outbox list --state unknown, then salesos outbox resolve"
        yield Finding(Level.WARN, f"{unknown} mails may have left or not: a person must say.", hint)
    match opened.application.settings.delivery:
        case DeliveryMode.SMTP:
            yield Finding(Level.OK, "Delivery: smtp. Approved mails really leave.")
        case DeliveryMode.FOLDER:
            where = opened.application.settings.data_dir / "sent"
            yield Finding(Level.OK, f"Delivery: folder. Approved mails become files in {where}.")
        case DeliveryMode.HOLD:
            yield Finding(
                Level.WARN, "Delivery: hold. Approved mails stay in the outbox.", "SALESOS_DELIVERY=folder|smtp"
            )


def _audit_chain(opened: Opened) -> Iterator[Finding]:
    path = opened.application.settings.data_dir / ANCHORS
    try:
        anchors = audit.read_anchors(path, opened.workspace.id) if path.exists() else []
    except ValueError as error:
        yield Finding(Level.FAIL, str(error), "Restore the file from a copy: it proves that the chain is whole.")
        return
    key = opened.application.master_keys.derive("audit anchors")[0]
    with opened.application.database.read(opened.workspace.id) as session:
        found = audit.verify(session, anchors=anchors, key=key)
    if isinstance(found, audit.Broken):
        yield Finding(
            Level.FAIL, f"The audit chain is broken: {found.reason}", "Somebody changed the database by hand."
        )
    else:
        yield Finding(Level.OK, f"The audit chain is whole: {found.seq} entries, {len(anchors)} anchors.")


def _language_model(opened: Opened) -> Iterator[Finding]:
    settings = opened.application.settings
    endpoints = [url for url in (settings.llm_base_url, settings.llm_fallback_base_url) if url]
    if not endpoints or not settings.llm_model:
        yield Finding(
            Level.OK, "No language model: templates and rules serve.", "SALESOS_LLM_BASE_URL and SALESOS_LLM_MODEL"
        )
    for url in endpoints:
        parts = urlsplit(url)
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            # Only whether somebody listens: a question would cost money.
            socket.create_connection((parts.hostname or "", port), timeout=_REACH_SECONDS).close()
            yield Finding(Level.OK, f"The language model at {parts.hostname} can be reached.")
        except (OSError, ValueError) as error:
            what = f"The language model at {parts.hostname or url} cannot be reached ({type(error).__name__})."
            yield Finding(Level.WARN, what, "Templates and rules serve until it answers.")


_CHECKS = (_workspace, _threads, _mail, _audit_chain, _language_model)
