"""Sequences with where their leads stand, and the templates that their steps are written with."""

from collections import Counter
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, Field
from pydantic_core import PydanticUndefined
from sqlmodel import Session, col

from agents.drafting.plan import templates_of
from agents.sequences import versions
from core.errors import NotFound
from prompts.registry import TEMPLATES, TemplateSpec, source_of
from scoring.sequence import SEQUENCES, Channel, SequenceSpec
from scoring.sequence_reading import tier_of
from store.models import Enrollment, EnrollmentState, Touch, TouchState

_OPEN = (TouchState.PLANNED, TouchState.DRAFTED, TouchState.QUEUED)
_LIVE = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)


class StepCounts(BaseModel):
    here: int = Field(default=0, description="Leads whose next step this is, in sequences that go on or pause.")
    planned: int = 0
    drafted: int = Field(default=0, description="Waiting for a person's word.")
    queued: int = Field(default=0, description="Approved, on the way out.")
    done: int = 0
    blocked: int = 0
    cancelled: int = 0
    skipped: int = Field(default=0, description="Its condition did not hold, or nothing it could be done by is known.")


class StepOut(BaseModel):
    step: int
    channel: str
    day: int = Field(description="Business days after the lead enters; 0 is that day.")
    wait_days: int = Field(description="Business days of the recipient after the step before.")
    only_if: list[str] = Field(description="What must have happened, or not; else the step is skipped.")
    reason: str
    templates: list[str] = Field(description="What it can be written with; the facts and the offer decide which.")
    leads: StepCounts


class EnrolledOut(BaseModel):
    active: int = 0
    paused: int = 0
    finished: int = 0
    stopped: int = 0


class OnVersion(BaseModel):
    version: int
    leads: int = Field(description="In sequences that go on or pause.")


class SequenceOut(BaseModel):
    name: str
    tier: int
    version: int = Field(description="In force for leads that enter.")
    on_versions: list[OnVersion] = Field(description="Where the leads that are in it stand; they stay until moved.")
    reason: str
    steps: list[StepOut]
    enrolled: EnrolledOut


class SequenceList(BaseModel):
    items: list[SequenceOut]
    elsewhere: int = Field(description="Leads in sequences that this version no longer has.")


class StepUse(BaseModel):
    sequence: str
    tier: int
    step: int


class TemplateItem(BaseModel):
    name: str
    version: int
    reference: str = Field(description="As drafts record it for each sentence.")
    purpose: str
    kind: str = Field(description="first_mail, follow_up, meeting, reply, intervention, task or system.")
    languages: list[str]
    used_by: list[StepUse] = Field(description="Empty: no step of a sequence, but an answer or a play, uses it.")


class TemplateVariable(BaseModel):
    name: str
    type: str
    meaning: str
    required: bool


class TemplateOut(TemplateItem):
    variables: list[TemplateVariable]
    source: str = Field(description="As it is written. Read-only: a change of wording is a new version of SalesOS.")


class TemplateList(BaseModel):
    items: list[TemplateItem]


def sequence_list(session: Session) -> SequenceList:
    """Three statements, whatever there is."""
    step = col(Touch.number) - col(Enrollment.steps_before)
    states: Counter[tuple[str, int, str]] = Counter()
    touches = (
        sa.select(col(Enrollment.sequence), step, col(Touch.state), sa.func.count())
        .join(Enrollment, col(Enrollment.id) == col(Touch.enrollment_id))
        .where(step > 0)
        .group_by(col(Enrollment.sequence), step, col(Touch.state))
    )
    for name, number, state, count in session.execute(touches):
        states[_base(name), number, state.value] += count
    following = (
        sa.select(col(Touch.enrollment_id).label("of"), sa.func.min(col(Touch.number)).label("number"))
        .where(col(Touch.state).in_(_OPEN))
        .group_by(col(Touch.enrollment_id))
        .subquery()
    )
    enrolled: Counter[tuple[str, str]] = Counter()
    here: Counter[tuple[str, int]] = Counter()
    versions_of: Counter[tuple[str, int]] = Counter()
    next_step = following.c.number - col(Enrollment.steps_before)
    keys = (col(Enrollment.sequence), col(Enrollment.version), col(Enrollment.state), next_step)
    standing = (
        sa.select(*keys, sa.func.count())
        .join(following, following.c.of == col(Enrollment.id), isouter=True)
        .group_by(*keys)
    )
    for name, version, state, number, count in session.execute(standing):
        enrolled[_base(name), state.value] += count
        if state in _LIVE:
            versions_of[_base(name), version] += count
        if number is not None and state in _LIVE:
            here[_base(name), number] += count
    known = {spec.name for spec in SEQUENCES.values()}
    in_force = versions.load(session)
    items = [_sequence(tier, in_force.of_tier(tier), states, here, enrolled) for tier in sorted(SEQUENCES)]
    for item in items:
        item.on_versions = [
            OnVersion(version=version, leads=count)
            for (name, version), count in sorted(versions_of.items())
            if name == item.name
        ]
    return SequenceList(
        items=items,
        elsewhere=sum(count for (name, _), count in enrolled.items() if name not in known),
    )


def sequence_of(session: Session, name: str, version: int | None = None) -> tuple[int, SequenceSpec]:
    """With its tier; `version` None: what is in force. Raises NotFound."""
    known = versions.load(session)
    spec = known.in_force(name)
    if version is not None:
        wanted = known.version(name, version)
        if wanted is None:
            raise NotFound(f"{name} has no version {version}.", hint="List its versions.")
        spec = wanted
    return tier_of(name) or 0, spec


def template_list(session: Session) -> TemplateList:
    uses = _uses(session)
    return TemplateList(items=[TemplateItem(**_common(spec, uses)) for spec in TEMPLATES])


def template_view(session: Session, name: str) -> TemplateOut:
    """Raises NotFound."""
    spec = next((spec for spec in TEMPLATES if spec.name == name), None)
    if spec is None:
        raise NotFound("There is no such template.", hint="GET /api/v1/templates lists them.")
    variables = [
        TemplateVariable(
            name=field,
            type=_kind_of(info.annotation),
            meaning=info.description or "",
            required=info.default is PydanticUndefined,
        )
        for field, info in spec.variables.model_fields.items()
    ]
    return TemplateOut(**_common(spec, _uses(session)), variables=variables, source=source_of(spec))


def _base(name: str) -> str:
    return name.partition("@")[0]


def _sequence(
    tier: int,
    spec: SequenceSpec,
    states: Counter[tuple[str, int, str]],
    here: Counter[tuple[str, int]],
    enrolled: Counter[tuple[str, str]],
) -> SequenceOut:
    steps = [
        StepOut(
            step=touch.step,
            channel=touch.channel.value,
            day=touch.day,
            wait_days=wait,
            only_if=[condition.value for condition in touch.only_if],
            reason=touch.reason,
            templates=list(_templates(spec, touch.step)),
            leads=StepCounts(
                here=here[spec.name, touch.step],
                **{state.value: states[spec.name, touch.step, state.value] for state in TouchState},
            ),
        )
        for touch, wait in zip(spec.touches, spec.waits(), strict=True)
    ]
    return SequenceOut(
        name=spec.name,
        tier=tier,
        version=spec.number,
        on_versions=[],
        reason=spec.reason.text,
        steps=steps,
        enrolled=EnrolledOut(**{state.value: enrolled[spec.name, state.value] for state in EnrollmentState}),
    )


def _templates(spec: SequenceSpec, step: int) -> tuple[str, ...]:
    touch = spec.touches[step - 1]
    if touch.channel is not Channel.MAIL:
        return (f"task/{touch.channel.value}",)
    mails = [one.step for one in spec.touches if one.channel is Channel.MAIL]
    return templates_of(mails.index(step) + 1, step == mails[-1])


def _uses(session: Session) -> dict[str, list[StepUse]]:
    found: dict[str, list[StepUse]] = {}
    known = versions.load(session)
    for tier, spec in ((tier, known.of_tier(tier)) for tier in sorted(SEQUENCES)):
        for touch in spec.touches:
            for name in _templates(spec, touch.step):
                found.setdefault(name, []).append(StepUse(sequence=spec.name, tier=tier, step=touch.step))
    return found


def _common(spec: TemplateSpec, uses: dict[str, list[StepUse]]) -> dict[str, Any]:
    return {
        "name": spec.name,
        "version": spec.version,
        "reference": spec.reference,
        "purpose": spec.purpose,
        "kind": spec.name.partition("/")[0],
        "languages": list(spec.languages),
        "used_by": uses.get(spec.name, []),
    }


def _kind_of(annotation: Any) -> str:
    return {str: "text", int: "number", bool: "yes or no"}.get(annotation, "list of texts")
