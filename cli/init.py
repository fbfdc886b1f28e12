"""`salesos init`: from an empty directory to a workspace that can work. What is there already stays as it is."""

import asyncio
import re
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from sqlmodel import col, select

from agents.offer import check_offer
from agents.workspace_settings import change
from api.auth import create_user, normal_email
from cli.composition import Application, compose
from cli.opening import cli_of, read_secret, read_yaml
from cli.output import AsJson, print_json, say, warn
from core.errors import Rejected
from core.ids import stable_id
from core.master_keys import create_key_file, key_file
from core.settings import Settings
from store import migrations
from store.ledger import set_budget
from store.models import Budget, Mailbox, Role, User, Workspace
from store.queries import workspaces
from workers import engine

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def init(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="The company that sells; it stands in every mail.")] = "",
    slug: Annotated[str, typer.Option(help="A short name of the workspace; made of the name when left out.")] = "",
    postal_address: Annotated[str, typer.Option(help="Printed in every mail, as the law asks.")] = "",
    country: Annotated[str, typer.Option(help="Where you are, ISO 3166-1 alpha-2.")] = "",
    time_zone: Annotated[str, typer.Option(help="IANA, such as Europe/Dublin.")] = "UTC",
    currency: Annotated[str, typer.Option(help="ISO 4217.")] = "USD",
    offer: Annotated[Path | None, typer.Option(help="What is sold: like examples/offer.yaml.")] = None,
    email: Annotated[str, typer.Option(help="Of the first admin; also their first mailbox.")] = "",
    user_name: Annotated[str, typer.Option(help="The first admin's name, as mails are signed.")] = "",
    password_stdin: Annotated[bool, typer.Option(help="Read the admin's password from stdin.")] = False,
    budget_minor: Annotated[
        int, typer.Option(min=0, help="What may be spent this month, in minor units; 0: on nothing.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Make the data directory, keys, database, first workspace, admin and mailbox. Again: only what is missing."""
    settings, done = cli_of(context).settings, []
    slug = slug or cli_of(context).workspace or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    _check(name, slug, country, time_zone, currency)
    document = read_yaml(offer) if offer else None
    if document is not None:
        check_offer(document)
    address = normal_email(email) if email else ""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not settings.master_keys.get_secret_value() and not key_file(settings.data_dir).exists():
        path = create_key_file(settings.data_dir)
        done.append(f"Made the key file {path}.")
        warn(f"Keep a copy of {path} in a safe place: without it no name, address or mail can be read again.")
    done.append(f"The database is at schema {_migrate(settings)}.")
    with compose(settings) as application:
        workspace, is_new = _workspace(application, slug, name, postal_address, country, time_zone, currency, document)
        if workspace is not None:
            done.append(f"{'Made' if is_new else 'Found'} the workspace {workspace.slug}.")
            if address:
                done += _admin(application, workspace, address, user_name, password_stdin)
            done += _budget(application, workspace, budget_minor)
    if as_json:
        print_json({"workspace": workspace.slug if workspace else None, "done": done})
        return
    for line in done:
        say(line)
    if workspace is None:
        say('Next: salesos init --name "Your company" --postal-address "…" --email you@your.example')
    else:
        say("Next: salesos doctor, which says what is missing.", style="green")


def _check(name: str, slug: str, country: str, time_zone: str, currency: str) -> None:
    if name and not _SLUG.fullmatch(slug):
        raise Rejected(f"{slug!r} is no slug.", hint="Give --slug: small letters, digits and hyphens, at most 63.")
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise Rejected(f"{country!r} is no country code.", hint="Two letters, such as IE or US.")
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise Rejected(f"{currency!r} is no currency code.", hint="Three letters, such as EUR or USD.")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Rejected(f"There is no time zone {time_zone!r}.", hint="IANA names, such as Europe/Dublin.") from None


def _migrate(settings: Settings) -> str:
    revision = migrations.upgrade(settings.admin_database_url or settings.store_url)
    if settings.is_postgres:
        asyncio.run(engine.install(settings))
    return revision


def _workspace(
    application: Application,
    slug: str,
    name: str,
    postal_address: str,
    country: str,
    time_zone: str,
    currency: str,
    offer: dict[str, Any] | None,
) -> tuple[Workspace | None, bool]:
    database = application.database
    found = next((w for w in workspaces.all_workspaces(database) if w.slug == slug), None)
    if found is not None:
        if offer is not None and offer != found.offer:
            with database.write(found.id) as session:
                change(session, application.clock, application.ids, {"offer": check_offer(offer)}, by="cli")
        return found, False
    if not name:
        return None, False
    if not postal_address.strip():
        raise Rejected(
            "A workspace needs its postal address.", hint="Give --postal-address: the law wants it in every mail."
        )
    made = workspaces.create(
        database,
        application.clock,
        application.ids,
        slug=slug,
        name=name,
        postal_address=postal_address.strip(),
        country=country.upper(),
        time_zone=time_zone,
        currency=currency.upper(),
        offer=offer or {},
    )
    return made, True


def _admin(application: Application, workspace: Workspace, address: str, name: str, password_stdin: bool) -> list[str]:
    database, clock, done = application.database, application.clock, []
    with database.read(workspace.id) as session:
        user = session.exec(select(User).where(User.email == address)).first()
    if user is None:
        # Asked outside of the transaction: a person types slowly.
        password = read_secret("Password of the first admin", from_stdin=password_stdin, confirm=True)
        with database.write(workspace.id) as session:
            user = create_user(
                session,
                clock,
                application.ids,
                email=address,
                name=name,
                role=Role.ADMIN,
                password=password,
                time_zone=workspace.time_zone,
            )
        done.append(f"Made the admin {address}.")
    with database.write(workspace.id) as session:
        if session.exec(select(Mailbox.id).order_by(col(Mailbox.id)).limit(1)).first() is None:
            session.add(
                Mailbox(
                    workspace_id=workspace.id,
                    id=stable_id("mailbox", workspace.id, address),
                    user_id=user.id,
                    address=address,
                    display_name=user.name,
                    created_at=clock.now(),
                )
            )
            done.append(f"Made the mailbox {address}: its mails become files in {application.settings.data_dir}/sent.")
    return done


def _budget(application: Application, workspace: Workspace, minor: int) -> list[str]:
    scope = f"workspace:{application.clock.now():%Y-%m}"
    with application.database.write(workspace.id) as session:
        there = session.exec(select(Budget).where(Budget.scope == scope)).first()
        if there is not None and not minor:
            return []
        set_budget(session, application.clock, scope, minor * 1_000_000)
    return [f"The budget of this month is {minor / 100:.2f} {workspace.currency}."]
