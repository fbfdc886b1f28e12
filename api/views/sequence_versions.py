"""The versions of a sequence, what differs between two, and what moving its leads to one would change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import Session

from agents.sequences import versions
from agents.sequences.moving import Move, Moved
from api.views.people import names_of_actors
from core.errors import NotFound
from scoring.sequence import SequenceSpec, TouchSpec
from scoring.sequence_reading import as_document


class SequenceVersionItem(BaseModel):
    name: str
    number: int
    in_force: bool = Field(description="Leads that enter now get this version.")
    steps: int
    note: str
    created_by: str
    created_at: datetime | None = Field(description="null: built in.")


class SequenceVersionOut(SequenceVersionItem):
    definition: dict[str, Any] = Field(description="As it is set: the same words as in the YAML files.")


class SequenceVersionList(BaseModel):
    items: list[SequenceVersionItem]


class StepDifference(BaseModel):
    step: int
    what: str = Field(description="added, removed, or which of channel, wait_days, only_if and reason changed.")
    before: str
    after: str


class StepDifferenceList(BaseModel):
    items: list[StepDifference]


class MoveStep(BaseModel):
    step: int
    channel: str
    due_at: datetime


class MovedLead(BaseModel):
    lead_id: UUID
    company: str
    from_version: int
    done: int = Field(description="Steps that stay as they are.")
    before: list[MoveStep] = Field(description="What was to come.")
    after: list[MoveStep]
    drafts: int = Field(description="Taken back and written anew.")
    why_not: str = Field(description="Why it stays; empty: it moves.")


class SequenceMove(BaseModel):
    sequence: str
    to_version: int
    moved: int
    stayed: int = Field(description="A mail to them is on its way: ask again later.")
    finished: int = Field(description="Of the moved: the version has no step left for them.")
    drafts: int = Field(description="Waiting drafts that are taken back and written anew.")
    samples: list[MovedLead] = Field(description="Of a preview: some of them in full.")


def version_list(session: Session, name: str) -> SequenceVersionList:
    """The newest first. Raises NotFound."""
    known = versions.load(session)
    force, names = known.in_force(name).number, names_of_actors(session)
    return SequenceVersionList(items=[_item(known, name, number, force, names) for number in known.numbers(name)])


def version_view(session: Session, name: str, number: int) -> SequenceVersionOut:
    """Raises NotFound."""
    known = versions.load(session)
    force, spec = known.in_force(name).number, readable(known, name, number)
    item = _item(known, name, number, force, names_of_actors(session))
    return SequenceVersionOut(**item.model_dump(), definition=as_document(spec))


def readable(known: versions.Sequences, name: str, number: int) -> SequenceSpec:
    spec = known.version(name, number)
    if spec is None:
        raise NotFound(f"{name} has no version {number}.", hint="List its versions.")
    return spec


def differences(before: SequenceSpec, after: SequenceSpec) -> list[StepDifference]:
    """Step by step."""
    found = []
    if before.reason.text != after.reason.text:
        found.append(StepDifference(step=0, what="reason", before=before.reason.text, after=after.reason.text))
    waits = (before.waits(), after.waits())
    for step in range(1, max(len(before.touches), len(after.touches)) + 1):
        old, new = before.touch(step), after.touch(step)
        if old is None and new is not None:
            found.append(StepDifference(step=step, what="added", before="", after=_words(new, waits[1][step - 1])))
        elif new is None and old is not None:
            found.append(StepDifference(step=step, what="removed", before=_words(old, waits[0][step - 1]), after=""))
        elif old is not None and new is not None:
            pairs = zip(_fields(old, waits[0][step - 1]), _fields(new, waits[1][step - 1]), strict=True)
            found += [
                StepDifference(step=step, what=what, before=was, after=is_now)
                for (what, was), (_, is_now) in pairs
                if was != is_now
            ]
    return found


def move_out(name: str, to_version: int, told: Moved) -> SequenceMove:
    return SequenceMove(
        sequence=name,
        to_version=to_version,
        moved=told.moved,
        stayed=told.stayed,
        finished=told.finished,
        drafts=told.drafts,
        samples=[_moved(one) for one in told.samples],
    )


def _moved(one: Move) -> MovedLead:
    return MovedLead(
        lead_id=one.lead.id,
        company=one.company,
        from_version=one.enrollment.version,
        done=one.done,
        before=[MoveStep(step=step.step, channel=step.channel, due_at=step.due_at) for step in one.before],
        after=[MoveStep(step=step.step, channel=step.channel, due_at=step.due_at) for step in one.after],
        drafts=one.drafts,
        why_not=one.why_not,
    )


def _item(
    known: versions.Sequences, name: str, number: int, force: int, names: Mapping[str, str]
) -> SequenceVersionItem:
    spec, told = known.version(name, number), versions.described(known, name, number)
    told["created_by"] = names.get(told["created_by"], told["created_by"])
    return SequenceVersionItem(
        name=name,
        number=number,
        in_force=number == force,
        steps=len(spec.touches) if spec is not None else 0,
        **told,
    )


def _fields(touch: TouchSpec, wait: int) -> list[tuple[str, str]]:
    return [
        ("channel", touch.channel.value),
        ("wait_days", str(wait)),
        ("only_if", ", ".join(touch.only_if)),
        ("reason", touch.reason),
    ]


def _words(touch: TouchSpec, wait: int) -> str:
    only = f", only if {', '.join(touch.only_if)}" if touch.only_if else ""
    return f"{touch.channel.value} after {wait} business day{'s' if wait != 1 else ''}{only}: {touch.reason}"
