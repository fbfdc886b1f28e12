"""What is done about a driver of churn: built-in playbooks, versioned, kept as rows so that a play names its version.

A change here raises `number`: plays that run keep the version they started with. A workspace may add versions of its
own; of each name the highest number is in force.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlmodel import Session, col, select

from core.clock import Clock
from core.ids import stable_id
from store import bulk
from store.models import Playbook
from store.session import workspace_of


@dataclass(frozen=True, slots=True)
class PlayStep:
    """A task of the CSM, due so many days after the play started."""

    kind: str
    title: str
    due_days: int


@dataclass(frozen=True, slots=True)
class PlaybookSpec:
    """`drivers`: codes of scoring.churn, any of which calls for it. `mail`: a reason of agents.drafting.plan, or ""."""

    name: str
    number: int
    drivers: tuple[str, ...]
    alert: str
    steps: tuple[PlayStep, ...]
    mail: str = ""


BUILT_IN = (
    PlaybookSpec(
        "low_usage",
        1,
        ("usage_drop", "logins_drop", "seats_unused"),
        "They use it much less than they used to.",
        (
            PlayStep("look", "Look at what they stopped using, and since when", 0),
            PlayStep("call", "Call: what changed on their side, what is in the way?", 2),
            PlayStep("train", "Offer a short session for the team that fell away", 5),
            PlayStep("review", "Look again: does usage come back?", 14),
        ),
        mail="low_usage",
    ),
    PlaybookSpec(
        "champion_left",
        1,
        ("champion_left",),
        "The person who ran it is no longer active.",
        (
            PlayStep("find_successor", "Find out who took over, and who pays", 1),
            PlayStep("call", "Introduce us to the successor, with what was achieved so far", 4),
            PlayStep("review", "Agree on goals with the successor", 14),
        ),
        mail="champion_left",
    ),
    PlaybookSpec(
        "tickets",
        1,
        ("support",),
        "Support tickets pile up.",
        (
            PlayStep("escalate", "Go through the open tickets with support and name one owner", 0),
            PlayStep("call", "Call: which of them hurts most, and by when is it solved?", 1),
            PlayStep("review", "Report back what was solved", 7),
        ),
        mail="tickets",
    ),
    PlaybookSpec(
        "renewal",
        1,
        ("renewal_near", "renewal_past"),
        "The renewal is near, and nothing speaks for it by itself.",
        (
            PlayStep("prepare", "Put together what the year brought them, in numbers", 1),
            PlayStep("call", "Talk about the renewal with whoever signs", 3),
        ),
        mail="renewal",
    ),
    PlaybookSpec(
        "payment",
        1,
        ("invoices_overdue",),
        "Invoices are overdue.",
        (
            PlayStep("ask_finance", "Ask our finance team what is open and what was answered", 0),
            PlayStep("call", "Call: is it the invoice, the process or the wish to leave?", 2),
        ),
    ),
    PlaybookSpec(
        "detractor",
        1,
        ("nps",),
        "They would not recommend us.",
        (
            PlayStep("call", "Call whoever answered: what would have to change?", 1),
            PlayStep("review", "Report back what was changed", 14),
        ),
    ),
)


def seed(session: Session, clock: Clock) -> None:
    """The built-in versions as rows; those that are there stay as they are."""
    workspace_id = workspace_of(session)
    rows = [
        {
            "id": stable_id("playbook", workspace_id, spec.name, spec.number),
            "name": spec.name,
            "number": spec.number,
            "definition": _definition(spec),
            "created_at": clock.now(),
        }
        for spec in BUILT_IN
    ]
    bulk.insert_ignore(session, Playbook, rows)


def in_force(session: Session, clock: Clock) -> list[tuple[Playbook, PlaybookSpec]]:
    """The highest version of each name, by name. Seeds the built-in ones on first use."""
    known = set(session.exec(select(Playbook.name, Playbook.number)).all())
    if any((spec.name, spec.number) not in known for spec in BUILT_IN):
        seed(session, clock)
    newest = {
        row.name: row for row in session.exec(select(Playbook).order_by(col(Playbook.name), col(Playbook.number)))
    }
    return [(row, parse(row)) for _, row in sorted(newest.items())]


def for_drivers(
    found: Sequence[tuple[Playbook, PlaybookSpec]], drivers: Sequence[str]
) -> tuple[Playbook, PlaybookSpec, str] | None:
    """The playbook of the worst driver that has one, with that driver. `drivers`: worst first."""
    for driver in drivers:
        for row, spec in found:
            if driver in spec.drivers:
                return row, spec, driver
    return None


def parse(row: Playbook) -> PlaybookSpec:
    """A row as a spec. Raises ValueError saying what is wrong with its definition."""
    document: dict[str, Any] = row.definition
    try:
        steps = tuple(
            PlayStep(str(step["kind"]), str(step["title"]), max(0, int(step["due_days"]))) for step in document["steps"]
        )
        drivers = tuple(str(driver) for driver in document["drivers"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"The playbook {row.name} version {row.number} cannot be read: {error!r}.") from error
    return PlaybookSpec(
        row.name, row.number, drivers, str(document.get("alert", "")), steps, str(document.get("mail", ""))
    )


def _definition(spec: PlaybookSpec) -> dict[str, Any]:
    document = asdict(spec)
    return {key: document[key] for key in ("drivers", "alert", "steps", "mail")}
