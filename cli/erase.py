"""`salesos erase`: forget a person, everywhere that this program writes."""

from typing import Annotated
from uuid import UUID

import typer
from sqlmodel import col, select

from agents.step import SubjectKind
from api.auth import normal_email
from cli.opening import Opened, cli_of
from cli.output import AsJson, print_json, say, warn
from core.errors import NotFound, Rejected
from graphs.threads import thread_id
from store import audit
from store.erasure import Erased, erase_contact, scrub_files
from store.models import Contact, Lead
from store.queries import suppression
from tools.providers.catalog import SENT_FOLDER
from tools.providers.mail_transport.folder import FolderTransport


def erase(
    context: typer.Context,
    email: Annotated[str, typer.Option(help="Of the person who asked to be forgotten.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again: it cannot be undone.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a person: rows, files and threads. Only a keyed hash stays, so that nobody writes to them again."""
    address = normal_email(email)
    with cli_of(context).open() as opened:
        contact_ids = _contacts(opened, address)
        if not contact_ids:
            raise NotFound("Nobody here has this address.", hint="It may be erased already, or be spelt differently.")
        if not yes and not typer.confirm("Erase this person? It cannot be undone."):
            raise Rejected("Nothing was erased: you said no.")
        erased, files = [], 0
        for contact_id in contact_ids:
            found = _erase(opened, contact_id)
            files += _delete_mails(opened, found)
            erased.append(found)
        scrubbed = scrub_files(opened.application.database)
    imported = sorted({file for found in erased for file in found.files})
    rows = sum(count for found in erased for count in found.rows.values())
    if as_json:
        print_json({"contacts": contact_ids, "rows": rows, "mails": files, "scrubbed": scrubbed, "files": imported})
        return
    say(f"Erased: {rows} rows, {files} mail files. {scrubbed}", style="green")
    if imported:
        warn("They may still stand in files that you imported; this program does not change those:")
        for file in imported:
            warn(f"  {file}")
    warn("Mails in your provider's sent folder and in backups are yours to delete.")


def _contacts(opened: Opened, address: str) -> list[UUID]:
    keys = suppression.address_keys(opened.context.sealer, address)[:1]  # the address itself, not a variant of it
    with opened.application.database.read(opened.workspace.id) as session:
        return list(
            session.exec(select(Contact.id).where(col(Contact.email_index).in_(keys)).order_by(col(Contact.id)))
        )


def _erase(opened: Opened, contact_id: UUID) -> Erased:
    asked = opened.context
    with asked.database.write(opened.workspace.id) as session:
        leads = list(session.exec(select(Lead.id).where(Lead.contact_id == contact_id)))
        found = erase_contact(session, asked.clock, asked.sealer, contact_id)
        audit.append(
            session,
            asked.clock,
            asked.ids,
            actor=opened.actor,
            action="contact.erased",
            subject_kind="contact",
            subject_id=contact_id,
            details={"lead_ids": [str(lead_id) for lead_id in leads]},
        )
    for lead_id in leads:
        name = thread_id(SubjectKind.LEAD, opened.workspace.id, lead_id)
        opened.application.threads.checkpointer.delete_thread(name)
    return found


def _delete_mails(opened: Opened, erased: Erased) -> int:
    folder = FolderTransport(opened.application.settings.data_dir / SENT_FOLDER)
    deleted = 0
    for message_id in erased.message_ids:
        path = folder.path(message_id)
        if path.exists():
            path.unlink()
            deleted += 1
    return deleted
