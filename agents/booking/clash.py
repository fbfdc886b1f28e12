"""A time that was taken in the rep's calendar in the very moment in which it was booked: the booking gives way.

Nobody outside can be asked who came first, and a person's own entry does not step aside. The prospect, who was not
invited yet, gets other times, with a word of regret.
"""

import sqlalchemy as sa
from sqlmodel import Session

from agents import attention, invitations
from agents.booking import changes
from agents.booking.pool_proposing import PoolHeld, hold_of_pool
from agents.booking.proposing import hold_times
from agents.context import AgentContext
from agents.policy import load_policy
from core.ids import stable_id
from store import feed
from store.feed_kinds import Kind
from store.models import Contact, Hold, LeadStage, Meeting, MeetingState, User
from tools.calendar.time_phrases import Times


def give_way(session: Session, context: AgentContext, found: changes.Locked) -> Meeting | None:
    """Cancels the booking and offers other times. The new proposal; None: the rep answers by hand, or it was over."""
    meeting, lead = found.meeting, found.lead
    if not changes.cancel(session, context, found, actor="system", why="clash"):
        return None
    # Of a pool, the pool is locked before its people.
    rep = session.get(User, (context.workspace_id, meeting.user_id), with_for_update=meeting.pool_id is None)
    contact = session.get(Contact, (context.workspace_id, meeting.contact_id))
    purpose_key = f"again:{meeting.id}"
    if rep is None or contact is None:
        return None
    again = Meeting(
        workspace_id=context.workspace_id,
        id=stable_id("meeting", context.workspace_id, purpose_key),
        lead_id=lead.id,
        contact_id=contact.id,
        company_id=meeting.company_id,
        user_id=rep.id,
        purpose_key=purpose_key,
        purpose=meeting.purpose,
        time_zone=meeting.time_zone,
        language=meeting.language,
        created_at=context.clock.now(),
    )
    held = _held(session, context, again, found, rep, contact)
    if not held:
        if sa.inspect(again).persistent:
            session.delete(again)
            session.flush()
        attention.add_task(
            session,
            context,
            source_key=f"propose:{purpose_key}",
            subject=lead,
            kind="propose_times",
            title="A time that they picked was taken: propose others by hand",
            assignee_id=rep.id,
        )
        return None
    if lead.stage is LeadStage.REPLIED:
        feed.publish(session, context.clock, [feed.lead_moved(lead, LeadStage.MEETING_PROPOSED)])
        lead.stage, lead.updated_at = LeadStage.MEETING_PROPOSED, context.clock.now()
        session.add(lead)
    assert again.state is MeetingState.PROPOSED
    feed.publish(session, context.clock, [feed.meeting(Kind.MEETING_PROPOSED, again)])
    invitations.queue_offer(session, context, again, lead, held)
    return again


def _held(
    session: Session, context: AgentContext, again: Meeting, found: changes.Locked, rep: User, contact: Contact
) -> list[Hold]:
    """A meeting of a pool goes to whoever is next: the one whose calendar was in the way may be, too."""
    policy = load_policy(session)
    if found.meeting.pool_id is not None:
        pooled = hold_of_pool(session, context, again, found.lead, contact, policy, Times())
        if pooled is not None:
            return pooled.held.holds if isinstance(pooled, PoolHeld) else []
    session.add(again)
    session.flush()
    return hold_times(session, context, again, rep, contact, policy).holds
