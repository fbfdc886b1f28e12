"""The feed: what happened in a workspace, for programs outside, numbered 1, 2, 3 … in the order of commits.

    feed.publish(session, clock, [Event(Kind.RUN_DONE, run.id, RunData(…))])   # anywhere in the transaction

The rows are written when the transaction commits, as its last statements. So the lock on the feed's head is the last
one that any transaction takes, after the audit chain's and after every row's: it cannot close a circle of waiting
(a deadlock), and it is held for the length of a commit. Whoever reads a seq has all that are lower, for good: a
reader who remembers the last one it saw misses nothing and sees nothing twice.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from core.clock import Clock
from core.ids import stable_id
from store import bulk
from store.feed_kinds import KINDS, Data, Kind, LeadStageData, MeetingData, Nothing, RunData, TaskData, code_of
from store.models import FeedEvent, FeedHead, Lead, LeadStage, Meeting, Run
from store.session import workspace_of

_WAITING = "feed"  # in session.info: rows without a seq yet
_ACTOR = re.compile(r"[a-z_]{1,32}(:[0-9a-z_\-.]{1,60})?")


_NOTHING = Nothing()


@dataclass(frozen=True, slots=True)
class Event:
    kind: Kind
    subject_id: UUID
    data: Data = _NOTHING
    actor: str = "system"  # "user:<id>", "key:<id>", "agent:<name>", "policy:<number>"


def publish(session: Session, clock: Clock, events: Sequence[Event]) -> None:
    """Tells of these, in this order, if and when the transaction commits. Raises ValueError for another kind's data."""
    at = clock.now()
    rows: list[dict[str, Any]] = session.info.setdefault(_WAITING, [])
    for event in events:
        about = KINDS[event.kind]
        if type(event.data) is not about.data:
            raise ValueError(f"{event.kind} tells {about.data.__name__}, not {type(event.data).__name__}.")
        rows.append(
            {
                "kind": event.kind.value,
                "subject_kind": about.subject_kind,
                "subject_id": event.subject_id,
                # An actor that is not one of ours (a name that somebody typed) is told by its sort only.
                "actor": event.actor if _ACTOR.fullmatch(event.actor) else event.actor.partition(":")[0][:32],
                "data": event.data.model_dump(mode="json"),
                "at": at,
            }
        )


def lead_moved(lead: Lead, to: LeadStage, actor: str = "system") -> Event:
    """Asked before the lead is given its new stage."""
    data = LeadStageData(before=lead.stage, after=to, company_id=lead.company_id, contact_id=lead.contact_id)
    return Event(Kind.LEAD_STAGE_CHANGED, lead.id, data, actor)


def meeting(kind: Kind, row: Meeting, actor: str = "system") -> Event:
    """Told as it is now."""
    data = MeetingData(lead_id=row.lead_id, state=row.state, starts_at=row.starts_at, ends_at=row.ends_at)
    return Event(kind, row.id, data, actor)


def run(kind: Kind, row: Run, actor: str = "system") -> Event:
    """Told as it is now."""
    data = RunData(
        state=row.state,
        icp_version_id=row.icp_version_id,
        companies_seen=row.companies_seen,
        companies_kept=row.companies_kept,
    )
    return Event(kind, row.id, data, actor)


def task(kind: Kind, row: Mapping[str, Any], actor: str = "system") -> Event:
    """`row`: the columns of the task."""
    data = TaskData(
        task_kind=code_of(row["kind"]),
        about_kind=code_of(row["subject_kind"]),
        about_id=row["subject_id"],
        assignee_id=row.get("assignee_id"),
        due_at=row.get("due_at"),
    )
    return Event(kind, row["id"], data, actor)


def told(event: FeedEvent) -> dict[str, Any]:
    """An event as everybody outside sees it: the API, its stream, and the body of a webhook."""
    return {
        "type": event.kind,
        "timestamp": event.at.isoformat(),
        "seq": event.seq,
        "id": str(event.id),
        "subject": {"kind": event.subject_kind, "id": str(event.subject_id)},
        "actor": event.actor,
        "data": event.data,
    }


def newest(session: Session) -> int:
    """The seq of the last event; 0: there is none."""
    return session.exec(select(FeedHead.seq)).first() or 0


def oldest(session: Session) -> int:
    """The seq of the first event that is still kept; one more than `newest` where none is."""
    found = session.exec(select(FeedEvent.seq).order_by(col(FeedEvent.seq)).limit(1)).first()
    return found if found is not None else newest(session) + 1


def after(
    session: Session,
    seq: int,
    limit: int,
    *,
    kinds: Collection[str] = (),
    subject_id: UUID | None = None,
) -> list[FeedEvent]:
    """The next events, oldest first. No kinds: all."""
    query = select(FeedEvent).where(FeedEvent.seq > seq)
    if kinds:
        query = query.where(col(FeedEvent.kind).in_(sorted(kinds)))
    if subject_id is not None:
        query = query.where(FeedEvent.subject_id == subject_id)
    return list(session.exec(query.order_by(col(FeedEvent.seq)).limit(limit)))


def before(session: Session, at: datetime) -> int:
    """The seq of the last event before this instant: halving, because instants rise with seqs and have no index."""
    low, high = oldest(session) - 1, newest(session)
    while low < high:
        middle = (low + high + 1) // 2
        found = session.exec(
            select(FeedEvent.seq, FeedEvent.at).where(FeedEvent.seq >= middle).order_by(col(FeedEvent.seq)).limit(1)
        ).first()
        if found is not None and found[1] < at:
            low = max(middle, found[0])
        else:
            high = middle - 1
    return low


def purge(session: Session, until: datetime, limit: int = 20_000) -> int:
    """Forgets what is older, a bounded number a call. Returns how many."""
    first = oldest(session)
    last = min(before(session, until), first + limit - 1)
    if last < first:
        return 0
    session.execute(sa.delete(FeedEvent).where(col(FeedEvent.seq) <= last).execution_options(synchronize_session=False))
    return last - first + 1


@sa_event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction() or not (rows := session.info.pop(_WAITING, None)):
        return
    session.flush()  # every other row's lock is taken before the head's
    workspace_id = workspace_of(session)
    last = _advance(session, workspace_id, len(rows))
    for seq, row in enumerate(rows, start=last - len(rows) + 1):
        row["seq"], row["id"] = seq, stable_id("feed", workspace_id, seq)
    bulk.insert(session, FeedEvent, rows)


@sa_event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_WAITING, None)


def _advance(session: Session, workspace_id: UUID, count: int) -> int:
    """Moves the head on, in one statement that also locks it. Returns the new seq."""
    table = sa.inspect(FeedHead).local_table
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(workspace_id=workspace_id, id=workspace_id, seq=count)
    statement = statement.on_conflict_do_update(
        index_elements=["workspace_id", "id"], set_={"seq": table.c.seq + statement.excluded.seq}
    ).returning(table.c.seq)
    return int(session.connection().execute(statement).scalar_one())
