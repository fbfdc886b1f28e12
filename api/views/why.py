"""Why nothing is being sent, as it is shown: each gate with the page that settles it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from agents import why
from agents.context import AgentContext

_PLACES = {
    "approvals": "/approvals",
    "policies": "/policies",
    "mailboxes": "/mailboxes",
    "outbox": "/outbox",
    "leads": "/leads",
    "runs": "/runs",
    "settings": "/settings",
    "budgets": "/budgets",
}


class GatePart(BaseModel):
    label: str
    count: int | None
    until: datetime | None
    id: UUID | None


class GateView(BaseModel):
    code: str
    level: why.Level
    text: str
    fix: str
    href: str  # of the console's page that settles it; empty: none does
    count: int | None
    since: datetime | None
    until: datetime | None
    parts: list[GatePart]


class PipelineView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    planned: int
    due: int
    waiting: int
    queued: int
    sent_today: int
    last_sent_at: datetime | None
    next_due_at: datetime | None
    next_queued_at: datetime | None


class WhyView(BaseModel):
    """`gates`: what holds, the worst first. None but notes: what is due and approved leaves."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "at": "2026-06-02T14:00:00Z",
                    "stopped": True,
                    "summary": "Nothing leaves: The kill switch is on: nothing is sent, whatever was approved.",
                    "pipeline": {
                        "planned": 120,
                        "due": 4,
                        "waiting": 12,
                        "queued": 3,
                        "sent_today": 17,
                        "last_sent_at": "2026-06-02T13:41:07Z",
                        "next_due_at": "2026-06-03T08:00:00Z",
                        "next_queued_at": "2026-06-02T14:05:00Z",
                    },
                    "gates": [
                        {
                            "code": "kill_switch",
                            "level": "stops",
                            "text": "The kill switch is on: nothing is sent, whatever was approved.",
                            "fix": "Turn it off in the policy. What was approved before is approved again then.",
                            "href": "/policies",
                            "count": None,
                            "since": None,
                            "until": None,
                            "parts": [],
                        }
                    ],
                }
            ]
        }
    )

    at: datetime
    stopped: bool
    summary: str
    pipeline: PipelineView
    gates: list[GateView]


def why_view(
    session: Session,
    context: AgentContext,
    *,
    mailbox_id: UUID | None = None,
    lead_id: UUID | None = None,
    quick: bool = False,
) -> WhyView:
    """Raises NotFound."""
    report = why.why_not_sending(session, context, mailbox_id=mailbox_id, lead_id=lead_id, quick=quick)
    return WhyView(
        at=report.at,
        stopped=report.stopped,
        summary=summary_of(report, quick=quick),
        pipeline=PipelineView.model_validate(report.pipeline),
        gates=[
            GateView(
                code=gate.code,
                level=gate.level,
                text=gate.text,
                fix=gate.fix,
                href=f"/leads/{lead_id}" if gate.place == "leads" and lead_id else _PLACES.get(gate.place, ""),
                count=gate.count,
                since=gate.since,
                until=gate.until,
                parts=[
                    GatePart(label=part.label, count=part.count, until=part.until, id=part.id) for part in gate.parts
                ],
            )
            for gate in report.gates
        ],
    )


def summary_of(report: why.Report, *, quick: bool = False) -> str:
    """One sentence: the first thing to know. `quick`: nobody's country, address or suppression was looked at."""
    holding = [gate for gate in report.gates if gate.level is not why.Level.NOTE]
    if report.stopped:
        return f"Nothing leaves: {holding[0].text}"
    if any(gate.level is why.Level.HOLDS for gate in holding):
        return "Mail leaves, but something waits for a person."
    if quick:
        return "Mailboxes and queue hold nothing that needs a person; countries and addresses were not looked at."
    if holding:
        return "Nothing is stuck: what waits goes on by itself when its time comes."
    return "Nothing holds mail back: what is due and approved leaves at once."
