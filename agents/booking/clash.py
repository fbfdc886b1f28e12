"""A time that was taken in the rep's calendar in the very moment in which it was booked: the booking gives way.

Nobody outside can be asked who came first, and a person's own entry does not step aside. The prospect, who was not
invited yet, gets other times, with a word of regret.
"""

from sqlmodel import Session

from agents import attention, invitations
from agents.booking import changes
from agents.booking.proposing import hold_times
from agents.context import AgentContext
from agents.policy import load_policy
from core.ids import stable_id
from store import feed
from store.feed_kinds import Kind
from store.models import Contact, LeadStage, Meeting, MeetingState, User


def give_way(session: Session, context: AgentContext, found: changes.Locked) -> Meeting | None:
    """Cancels the booking and offers other times. The new proposal; None: the rep answers by hand, or it was over."""
    meeting, lead = found.meeting, found.lead
    if not changes.cancel(session, context, found, actor="system", why="clash"):
        return None
    rep = session.get(User, (context.workspace_id, meeting.user_id), with_for_update=True)
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
    session.add(again)
    session.flush()
    held = hold_times(session, context, again, rep, contact, load_policy(session)).holds
    if not held:
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
