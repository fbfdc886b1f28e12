"""Seeds and placement tests: addresses of ours at large providers, and a mail to each of them, to see where it lands.

A test is asked for by a person and leaves by the outbox like any mail: it counts as sent, for caps and warm-up. It is
no outreach: no contact, no sequence, no budget of touches, no CRM.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from agents.context import AgentContext
from agents.drafting.plan import plan_draft
from agents.drafting.types import DraftKind, Recipient
from agents.drafting.wording import Wording
from agents.drafting.writer import write
from agents.mailbox_limits import standings, state_gate
from agents.offer import offer_of
from core.errors import Conflict, NotFound, Rejected
from store import audit
from store.models import (
    Mailbox,
    PlacementTest,
    SeedAddress,
    Workspace,
)
from store.queries import outbox, placement, suppression
from tools.mail.compose import message_id

MOST_SEEDS: Final = 30  # of a workspace: each is a mail of the mailbox's day
TO_LEAVE: Final = timedelta(hours=24)  # what has not left by then does not
SECRET_PLACE: Final = "seed_address|password|"  # noqa: S105 (where it is sealed)
# An invented reader: no template is tried out on a person's data.
_NOBODY: Final = Recipient(email="alex@example.com", company="Example Freight", first_name="Alex", title="COO")
_THREAD: Final = "your invoices"


def password_of(context: AgentContext, seed: SeedAddress) -> str:
    """Raises Tampered."""
    if not seed.password_sealed:
        return ""
    return context.sealer.open(seed.password_sealed, context=f"{SECRET_PLACE}{seed.id}")


def add_seed(
    session: Session,
    context: AgentContext,
    seed_id: UUID,
    *,
    address: str,
    provider: str,
    host: str,
    port: int,
    username: str,
    password: str,
    by: str,
) -> SeedAddress:
    """Repeated with the same id it changes nothing. Raises Conflict (it is one already, or there are too many)."""
    if (same := session.get(SeedAddress, (context.workspace_id, seed_id))) is not None:
        return same
    known = placement.seeds(session)
    address = address.strip().lower()
    if any(each.address == address for each in known):
        raise Conflict(f"{address} is a seed already.", hint="Remove it first, to give it another password.")
    if len(known) >= MOST_SEEDS:
        raise Conflict(f"There are {MOST_SEEDS} seeds already.", hint="Remove one that is not needed.")
    row = SeedAddress(
        workspace_id=context.workspace_id,
        id=seed_id,
        address=address,
        provider=provider.strip().lower(),
        host=host.strip(),
        port=port,
        username=username.strip() or address,
        password_sealed=context.sealer.seal(password, context=f"{SECRET_PLACE}{seed_id}"),
        created_by=by,
        created_at=context.clock.now(),
    )
    session.add(row)
    session.flush()
    _audit(session, context, by, "seed.added", "seed_address", seed_id)
    return row


def remove_seed(session: Session, context: AgentContext, seed_id: UUID, *, by: str) -> None:
    """What was found there stays with its tests. Raises NotFound."""
    row = session.get(SeedAddress, (context.workspace_id, seed_id))
    if row is None:
        raise NotFound("There is no such seed.")
    session.delete(row)
    session.flush()
    _audit(session, context, by, "seed.removed", "seed_address", seed_id)


def words_of_template(session: Session, context: AgentContext, mailbox: Mailbox, kind: str) -> tuple[str, str, str]:
    """(subject, body, template): what our templates say to an invented person. Raises Rejected, FixConfiguration."""
    if kind not in (DraftKind.FIRST_MAIL, DraftKind.FOLLOW_UP):
        raise Rejected(f"There is no template of {kind[:40]!r} to try.", hint="Choose first_mail or follow_up.")
    workspace = session.get_one(Workspace, context.workspace_id)
    offer = offer_of(workspace, mailbox, context.settings.public_url)
    thread = _THREAD if kind == DraftKind.FOLLOW_UP else ""
    plan = plan_draft(DraftKind(kind), _NOBODY, offer, [], now=context.clock.now(), thread_subject=thread)
    written = write(plan, None, Wording())
    return written.subject, written.body, written.template


def start(
    session: Session,
    context: AgentContext,
    test_id: UUID,
    mailbox_id: UUID,
    *,
    subject: str,
    body: str,
    source: str,
    seed_ids: Sequence[UUID] = (),
    by: str,
) -> PlacementTest:
    """A mail to each seed, or to those named. Repeated with the same id it changes nothing.

    Raises NotFound (mailbox, seed), Conflict (no seed, a suppressed one, the mailbox is paused or its day is full).
    """
    mailbox = session.get(Mailbox, (context.workspace_id, mailbox_id), with_for_update=True)
    if mailbox is None:
        raise NotFound("There is no such mailbox.")
    if (same := session.get(PlacementTest, (context.workspace_id, test_id))) is not None:
        return same
    now, sealer = context.clock.now(), context.sealer
    seeds = _chosen(session, seed_ids)
    if (closed := state_gate(mailbox, now)) is not None:
        raise Conflict(closed.reason, hint="Resume it first.")
    standing = standings(session, [mailbox], now)[mailbox.id]
    if standing.sent + len(seeds) > standing.limit:
        left = max(0, standing.limit - standing.sent)
        raise Conflict(
            f"{mailbox.address} may send {left} more mails today, and there are {len(seeds)} seeds: a test counts.",
            hint="Name fewer seeds, or try tomorrow.",
        )
    suppressed = suppression.suppressed_among(session, sealer, {seed.address for seed in seeds})
    if suppressed:
        raise Conflict(
            f"{', '.join(sorted(suppressed))} is suppressed: nothing is sent there.", hint="Remove it from the seeds."
        )
    test = PlacementTest(
        workspace_id=context.workspace_id,
        id=test_id,
        mailbox_id=mailbox_id,
        subject_sealed=sealer.seal(subject, context=f"placement_test|subject|{test_id}"),
        body_sealed=sealer.seal(body, context=f"placement_test|body|{test_id}"),
        source=source[:100],
        created_by=by,
        created_at=now,
    )
    session.add(test)
    session.flush()
    domain = mailbox.address.rpartition("@")[2]
    for seed in seeds:
        words = {"recipient": seed.address, "subject": subject, "text": body}
        item_id = outbox.item_id(session, placement.key_of(test_id, seed.id))
        sealed = outbox.seal_payload(sealer, item_id, words)
        named = message_id(context.workspace_id, item_id, 1, domain)
        placement.insert_mail(session, now, now + TO_LEAVE, test, seed, named, sealed)
    _audit(session, context, by, "placement_test.started", "placement_test", test_id, {"seeds": len(seeds)})
    return test


def _chosen(session: Session, seed_ids: Sequence[UUID]) -> list[SeedAddress]:
    known = {seed.id: seed for seed in placement.seeds(session)}
    if not seed_ids:
        if not known:
            raise Conflict("There is no seed to send to.", hint="Add one: an address of yours at Gmail, Outlook …")
        return list(known.values())
    if unknown := [seed_id for seed_id in seed_ids if seed_id not in known]:
        raise NotFound(f"There is no seed {unknown[0]}.")
    return [known[seed_id] for seed_id in dict.fromkeys(seed_ids)]


def _audit(
    session: Session,
    context: AgentContext,
    by: str,
    action: str,
    kind: str,
    subject_id: UUID,
    details: dict[str, object] | None = None,
) -> None:
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=by,
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        details=details or {},
    )
