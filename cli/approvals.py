"""`salesos approvals`: drafts that wait for a person. What is approved is what was printed, byte for byte."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from uuid import UUID

import click
import typer
from sqlmodel import Session, col, select

from agents.revision import revise
from cli.opening import Opened, cli_of, uuid_of
from cli.output import AsJson, print_json, print_table, say
from core.errors import NotFound, Rejected
from store.models import Approval, ApprovalState, ClaimRow, Company, Contact, Draft, Fact, Mailbox
from store.queries import approvals
from store.queries.approvals import Action, Decided

app = typer.Typer(no_args_is_help=True, help="Drafts that wait for a person.")

Hash = Annotated[str, typer.Option("--hash", help="Of the draft as you read it; another one is refused.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask again.")]


@dataclass(frozen=True, slots=True)
class Shown:
    approval_id: UUID
    state: ApprovalState
    kind: str
    company: str
    sender: str
    recipient: str
    subject: str
    body: str
    links: list[str]
    problems: list[str]  # why the gate holds it back
    claims: list[str]  # each with the evidence behind it
    content_hash: str


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List what waits for a decision, the oldest first."""
    with cli_of(context).open() as opened, opened.application.database.read(opened.workspace.id) as session:
        waiting = select(Approval.id).where(Approval.state == ApprovalState.PENDING)
        found = [
            _shown(session, opened, approval_id)
            for approval_id in session.exec(waiting.order_by(col(Approval.created_at), col(Approval.id)).limit(100))
        ]
    if as_json:
        print_json(found)
        return
    rows = [(s.approval_id, s.kind.replace("_", " "), s.company, s.subject, "; ".join(s.problems)) for s in found]
    columns = ["id", "kind", "company", "subject", "held back by"]
    print_table("Waiting for you", columns, rows, empty="Nothing waits for a decision.")


@app.command()
def show(context: typer.Context, approval_id: str, as_json: AsJson = False) -> None:
    """Show a draft with its evidence."""
    with cli_of(context).open() as opened:
        found = _read(opened, approval_id)
    if as_json:
        print_json(found)
    else:
        _print(found)


@app.command()
def approve(
    context: typer.Context, approval_id: str, content_hash: Hash = "", yes: Yes = False, as_json: AsJson = False
) -> None:
    """Print exactly what will be sent, ask, and approve that."""
    with cli_of(context).open() as opened:
        found = _read(opened, approval_id)
        if not as_json:
            _print(found)
        if not yes and not content_hash:
            _ask("Send this?")
        decided = _decide(opened, found, Action.APPROVE, content_hash, "")
        delay = opened.application.settings.send_delay_seconds
    if as_json:
        print_json(decided)
    else:
        say(f"Approved. It leaves after {delay} seconds; until then `salesos approvals undo` takes it back.")


@app.command()
def reject(
    context: typer.Context,
    approval_id: str,
    reason: Annotated[str, typer.Option(help="A few words: they say what to do better next time.")],
    content_hash: Hash = "",
    as_json: AsJson = False,
) -> None:
    """Reject a draft, with a reason."""
    if not reason.strip():
        raise Rejected("A rejection needs a reason.", hint="A few words are enough.")
    with cli_of(context).open() as opened:
        decided = _decide(opened, _read(opened, approval_id), Action.REJECT, content_hash, reason.strip()[:1_000])
    if as_json:
        print_json(decided)
    else:
        say("Rejected.")


@app.command()
def edit(
    context: typer.Context,
    approval_id: str,
    subject: Annotated[str, typer.Option(help="Another subject.")] = "",
    body_file: Annotated[Path | None, typer.Option(help="Another body; without it your editor opens.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write it better: a new draft takes its place and waits for its own approval."""
    with cli_of(context).open() as opened:
        found = _read(opened, approval_id)
        body = _body(found, subject, body_file)
        with opened.application.database.read(opened.workspace.id) as session:
            draft_id = _approval(session, opened, approval_id).draft_id
        revised = revise(opened.context, draft_id, subject or found.subject, body, opened.actor)
        new = _read(opened, str(revised.approval_id))
    if as_json:
        print_json(new)
    else:
        _print(new)


@app.command()
def undo(context: typer.Context, approval_id: str, as_json: AsJson = False) -> None:
    """Take an approval back, while the mail has not left."""
    with cli_of(context).open() as opened:
        asked = opened.context
        with asked.database.write(opened.workspace.id) as session:
            draft_id = approvals.undo(
                session, asked.clock, asked.ids, uuid_of(approval_id, "approval"), by=opened.actor
            )
    if as_json:
        print_json({"draft_id": draft_id, "state": ApprovalState.PENDING})
    else:
        say("Undone: it waits for a decision again.")


def _decide(opened: Opened, found: Shown, action: Action, content_hash: str, reason: str) -> Decided:
    context = opened.context
    with context.database.write(opened.workspace.id) as session:
        return approvals.decide(
            session,
            context.clock,
            context.ids,
            found.approval_id,
            expected_hash=content_hash or found.content_hash,
            action=action,
            by=opened.actor,
            reason=reason,
        )


def _ask(question: str) -> None:
    if not typer.confirm(question):
        raise Rejected("Nothing was sent: you said no.", hint="`salesos approvals edit` changes it, `reject` ends it.")


def _body(found: Shown, subject: str, body_file: Path | None) -> str:
    if body_file is not None:
        try:
            return body_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Rejected(f"{body_file} cannot be read.", hint="Check the path; it is text in UTF-8.") from error
    if subject:
        return found.body
    written = click.edit(found.body)
    if written is None or written.strip() == found.body.strip():
        raise Rejected("Nothing was changed.", hint="Save the file in your editor to keep an edit.")
    return written


def _approval(session: Session, opened: Opened, approval_id: str) -> Approval:
    found = session.get(Approval, (opened.workspace.id, uuid_of(approval_id, "approval")))
    if found is None:
        raise NotFound("There is no such approval.", hint="`salesos approvals list` names those that wait.")
    return found


def _read(opened: Opened, approval_id: str) -> Shown:
    with opened.application.database.read(opened.workspace.id) as session:
        return _shown(session, opened, _approval(session, opened, approval_id).id)


def _shown(session: Session, opened: Opened, approval_id: UUID) -> Shown:
    workspace_id, sealer = opened.workspace.id, opened.context.sealer
    approval = session.get_one(Approval, (workspace_id, approval_id))
    draft = session.get_one(Draft, (workspace_id, approval.draft_id))
    contact = session.get(Contact, (workspace_id, draft.contact_id))
    company = session.get(Company, (workspace_id, contact.company_id)) if contact else None
    mailbox = session.get(Mailbox, (workspace_id, draft.mailbox_id))

    def opened_text(column: str) -> str:
        token = getattr(draft, f"{column}_sealed")
        return sealer.open(token, context=f"draft|{column}|{draft.id}") if token else ""

    texts = {column: opened_text(column) for column in ("recipient", "subject", "body")}
    return Shown(
        approval.id,
        approval.state,
        draft.kind,
        company.name if company else "",
        f"{mailbox.display_name} <{mailbox.address}>" if mailbox else "",
        texts["recipient"],
        texts["subject"],
        texts["body"],
        list(draft.links),
        [f"{p.get('code', '?')}: {p.get('message') or p.get('text') or ''}".rstrip(": ") for p in draft.problems],
        _claims(session, draft.id, texts),
        draft.content_hash,
    )


def _claims(session: Session, draft_id: UUID, texts: dict[str, str]) -> list[str]:
    claims = session.exec(select(ClaimRow).where(ClaimRow.draft_id == draft_id).order_by(col(ClaimRow.start))).all()
    ids = {UUID(fact_id) for claim in claims for fact_id in claim.fact_ids if ":" not in fact_id}
    facts = {str(f.id): f for f in session.exec(select(Fact).where(col(Fact.id).in_(sorted(ids))))}
    lines = []
    for claim in claims:
        words = texts.get(claim.field, "")[claim.start : claim.end]
        behind = [_evidence(facts[fact_id]) if fact_id in facts else fact_id for fact_id in claim.fact_ids]
        lines.append(f"“{words}” ← {'; '.join(behind)}")
    return lines


def _evidence(fact: Fact) -> str:
    where = f", {fact.url}" if fact.url else ""
    return f"{fact.field} = {fact.value} ({fact.source}, {fact.observed_at:%Y-%m-%d}{where})"


def _print(found: Shown) -> None:
    say(f"From:    {found.sender}\nTo:      {found.recipient}\nSubject: {found.subject}\n")
    say(found.body)
    for title, lines in (("Links", found.links), ("Evidence", found.claims), ("Held back by", found.problems)):
        if lines:
            say(f"\n{title}:", style="bold")
            for line in lines:
                say(f"  {line}")
    say(f"\n{found.kind.replace('_', ' ')}, {found.state.value}. Hash {found.content_hash}", style="dim")
