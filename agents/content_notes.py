"""Which notes on the words and links of a mail hold it back, by the policy in force: asked when somebody approves it,
and again when it is claimed (workers/rules.py)."""

from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

from sqlmodel import Session

from agents.brakes import domain_of
from agents.context import AgentContext
from agents.policy import Policy, load_policy
from core.errors import Rejected
from store.models import Approval, ApprovalState, Draft, Mailbox, Workspace
from tools.deliverability.content import ContentNote, NoteRule, notes_on_content
from tools.mail.body import Footer, html_body
from tools.mail.unsubscribe import unsubscribe_url

CODE = "content_held_back"


def notes_on(
    context: AgentContext,
    workspace: Workspace,
    sender: str,
    *,
    subject: str,
    body: str,
    links: Sequence[str],
    answers: bool,
) -> list[ContentNote]:
    """`answers`: it is an answer, so that it may look like one. The most serious come first."""
    footer = Footer(
        name="",
        organisation=workspace.name,
        postal_address=workspace.postal_address,
        unsubscribe_url=unsubscribe_url(context.settings.public_url, "x"),
        notice="",
        language="en",
    )
    found = notes_on_content(
        subject=subject,
        text=body,
        html=html_body(body, links, footer),
        sender_domain=domain_of(sender),
        own_domains=[urlsplit(context.settings.public_url).hostname or ""],
    )
    return [note for note in found if not (answers and note.rule is NoteRule.LOOKS_LIKE_A_REPLY)]


def blocking(policy: Policy, notes: Sequence[ContentNote]) -> list[ContentNote]:
    return [note for note in notes if note.rule in policy.blocking_notes]


def said_of(notes: Sequence[ContentNote]) -> str:
    """For people: which notes, and how to mend each; nothing quoted from the mail."""
    return " ".join(f"{note.what} {note.mend}" for note in notes)


def refuse_blocked(session: Session, context: AgentContext, approval_id: UUID) -> None:
    """Raises Rejected where the policy in force holds the draft of a waiting approval back."""
    policy = load_policy(session)
    if not policy.blocking_notes:
        return
    approval = session.get(Approval, (context.workspace_id, approval_id))
    draft = session.get(Draft, (context.workspace_id, approval.draft_id)) if approval is not None else None
    if approval is None or draft is None or approval.state is not ApprovalState.PENDING:
        return  # whoever decides says so
    found = blocking(policy, notes_on_draft(session, context, draft))
    if found:
        raise Rejected(
            f"The policy holds this draft back: {' '.join(note.what for note in found)}",
            hint=" ".join(dict.fromkeys(note.mend for note in found)),
            code=CODE,
        )


def notes_on_draft(session: Session, context: AgentContext, draft: Draft) -> list[ContentNote]:
    """[] where its words were erased, or its mailbox is gone. Raises Tampered."""
    workspace = session.get(Workspace, context.workspace_id)
    mailbox = session.get(Mailbox, (context.workspace_id, draft.mailbox_id))
    if workspace is None or mailbox is None or draft.subject_sealed is None or draft.body_sealed is None:
        return []
    return notes_on(
        context,
        workspace,
        mailbox.address,
        subject=context.sealer.open(draft.subject_sealed, context=f"draft|subject|{draft.id}"),
        body=context.sealer.open(draft.body_sealed, context=f"draft|body|{draft.id}"),
        links=draft.links,
        answers=bool(draft.in_reply_to),
    )
