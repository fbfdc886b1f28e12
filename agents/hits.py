"""The ledger of hits: each is kept as it came, its mail's hits are labelled together, and what follows is derived anew.

A hit never moves anything by itself: it adds to a contact's engagement where the rules say that a person did it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents import attention
from agents.context import AgentContext
from core.crypto import Sealer
from core.ids import stable_id
from scoring.engagement import ActorClass
from scoring.hit_networks import network_of
from scoring.hit_rules import RULES_VERSION, HitKind, Known, Label, Mail, RawHit, classify
from store import bulk
from store.models import Contact, Draft, EngagementEvent, Hit, OutboxItem

MOST_OF_A_MAIL: Final = 1_000  # a link that is hit more often is under attack: its hits lead on and are kept no more
_REMEMBERED: Final = timedelta(days=30)  # how long a trap tells of its network: addresses change hands
_KEPT_HEADERS: Final = (
    "accept", "accept-language", "purpose", "sec-purpose", "x-purpose", "x-moz", "sec-fetch-mode", "sec-fetch-dest",
    "sec-fetch-site", "sec-fetch-user", "sec-ch-ua",
)  # fmt: skip
_LONGEST: Final = 400  # characters of an agent or a header
_STALE: Final = ""  # the version of a label that has to be looked at again


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a link of ours, as it came."""

    kind: HitKind
    link: int  # -1: the trap, or the image
    method: str
    address: str
    agent: str
    headers: Mapping[str, str]  # names in lower case


def note(context: AgentContext, draft_id: UUID, asked: Asked) -> str | None:
    """Keeps a hit and says where its link leads: to what stands in the draft, and nowhere else. "" for the trap and for
    images; None where there is no such link, or the person was erased."""
    with context.database.write(context.workspace_id) as session:
        draft = session.get(Draft, (context.workspace_id, draft_id), with_for_update=True)
        contact = session.get(Contact, (context.workspace_id, draft.contact_id)) if draft else None
        if draft is None or contact is None or contact.erased_at is not None:
            return None
        trap = asked.kind is HitKind.CLICK and asked.link < 0
        if asked.kind is HitKind.CLICK and asked.link >= len(draft.links):
            return None
        target = "" if asked.link < 0 else draft.links[asked.link]
        count = session.execute(sa.select(sa.func.count()).select_from(Hit).where(col(Hit.draft_id) == draft_id))
        if count.scalar_one() >= MOST_OF_A_MAIL:
            return target
        hit = _row(context, draft, asked, trap)
        session.add(hit)
        session.flush()
        label(session, context, [draft_id])
        if trap and hit.network_index:
            _look_again_at(session, hit)
    return target


def label(session: Session, context: AgentContext, draft_ids: Sequence[UUID]) -> int:
    """Labels every hit of these mails, and derives the events and the engagement that follow. Returns how many labels
    changed. Again: changes nothing."""
    query = select(Hit).where(col(Hit.draft_id).in_(draft_ids)).order_by(col(Hit.at), col(Hit.id))
    of: dict[UUID, list[Hit]] = defaultdict(list)
    for hit in session.exec(query).all():
        of[hit.draft_id].append(hit)
    mails = _mails(session, context, of)
    changed: list[Hit] = []
    for draft_id, hits in of.items():
        raw = [_raw(context.sealer, hit) for hit in hits]
        # What was erased has nothing to be judged by any more: its label stays.
        judged = [one for one in raw if one is not None]
        labels = {one.hit_id: one for one in classify(judged, mails[draft_id])}
        changed += [hit for hit in hits if _relabelled(hit, labels.get(str(hit.id)))]
    session.flush()
    for contact_id in sorted(_derive(session, context, changed)):
        attention.reassess(session, context, contact_id)
    return len(changed)


def relabel(context: AgentContext, *, batch: int = 200) -> int:
    """Every hit whose label is of another version of the rules, in sets of mails. Returns how many labels changed."""
    changed = 0
    other = sa.or_(col(Hit.rules_version) < RULES_VERSION, col(Hit.rules_version) > RULES_VERSION)
    query = select(Hit.draft_id).where(other).distinct().order_by(col(Hit.draft_id)).limit(batch)
    while True:
        with context.database.write(context.workspace_id) as session:
            draft_ids = session.exec(query).all()
            if not draft_ids:
                return changed
            changed += label(session, context, draft_ids)
            mine = sa.update(Hit).where(col(Hit.draft_id).in_(draft_ids), other)
            session.execute(mine.values(rules_version=RULES_VERSION).execution_options(synchronize_session=False))


def _row(context: AgentContext, draft: Draft, asked: Asked, trap: bool) -> Hit:
    hit_id = context.ids.new()
    headers = {name: asked.headers[name][:_LONGEST] for name in _KEPT_HEADERS if name in asked.headers}
    raw = {"address": asked.address[:64], "agent": asked.agent[:_LONGEST], "headers": headers}
    network = network_of(asked.address)
    return Hit(
        workspace_id=context.workspace_id,
        id=hit_id,
        contact_id=draft.contact_id,
        draft_id=draft.id,
        kind=asked.kind.value,
        link=asked.link,
        trap=trap,
        method=asked.method[:8],
        raw_sealed=context.sealer.seal(orjson.dumps(raw).decode(), context=f"hit|raw|{hit_id}"),
        network_index=context.sealer.blind_index("network", network) if network else "",
        actor=ActorClass.UNKNOWN.value,
        rule="",
        rules_version=_STALE,
        at=context.clock.now(),
    )


def _raw(sealer: Sealer, hit: Hit) -> RawHit | None:
    if hit.raw_sealed is None:
        return None
    found: Mapping[str, Any] = orjson.loads(sealer.open(hit.raw_sealed, context=f"hit|raw|{hit.id}"))
    return RawHit(
        str(hit.id),
        HitKind(hit.kind),
        hit.link,
        hit.trap,
        hit.method,
        hit.at,
        found["address"],
        found["agent"],
        found["headers"],
    )


def _mails(session: Session, context: AgentContext, of: Mapping[UUID, Sequence[Hit]]) -> dict[UUID, Mail]:
    """What the rules know of each mail, by three queries for all."""
    links = dict(session.execute(sa.select(col(Draft.id), col(Draft.links)).where(col(Draft.id).in_(list(of)))).all())
    keys = {f"mail:{draft_id}": draft_id for draft_id in of}
    query = sa.select(col(OutboxItem.key), col(OutboxItem.sent_at)).where(col(OutboxItem.key).in_(list(keys)))
    sent: dict[UUID, datetime | None] = {keys[key]: at for key, at in session.execute(query).all()}
    known = _known_networks(session, context, [hit for hits in of.values() for hit in hits])
    return {
        draft_id: Mail(len(links.get(draft_id, ())), sent.get(draft_id), known.get(draft_id, {})) for draft_id in of
    }


def _known_networks(session: Session, context: AgentContext, hits: Sequence[Hit]) -> dict[UUID, dict[str, Known]]:
    """Of each mail's networks, what traps of other mails tell."""
    indexes = sorted({hit.network_index for hit in hits if hit.network_index})
    companies = dict(
        session.execute(
            sa.select(col(Contact.id), col(Contact.company_id)).where(
                col(Contact.id).in_({hit.contact_id for hit in hits})
            )
        ).all()
    )
    fell = (
        sa.select(col(Hit.network_index), col(Hit.draft_id), col(Contact.company_id))
        .join(Contact, col(Contact.id) == col(Hit.contact_id))
        .where(
            col(Hit.trap),
            col(Hit.network_index).in_(indexes),
            col(Hit.at) >= min((hit.at for hit in hits), default=context.clock.now()) - _REMEMBERED,
        )
        .distinct()
    )
    traps: dict[str, list[tuple[UUID, UUID]]] = defaultdict(list)
    for index, draft_id, company_id in session.execute(fell) if indexes else ():
        traps[index].append((draft_id, company_id))
    found: dict[UUID, dict[str, Known]] = defaultdict(dict)
    for hit in hits:
        others = {company for draft_id, company in traps[hit.network_index] if draft_id != hit.draft_id}
        if others and (raw := _raw(context.sealer, hit)) is not None:
            own = others == {companies.get(hit.contact_id)}
            found[hit.draft_id][raw.network] = Known.OWN_GATEWAY if own else Known.TRAPPED
    return found


def _relabelled(hit: Hit, label: Label | None) -> bool:
    if label is None or (hit.actor, hit.rule, hit.rules_version) == (label.actor.value, label.rule, RULES_VERSION):
        return False
    same = (hit.actor, hit.rule) == (label.actor.value, label.rule)
    hit.actor, hit.rule, hit.rules_version = label.actor.value, label.rule, RULES_VERSION
    return not same


def _derive(session: Session, context: AgentContext, hits: Sequence[Hit]) -> set[UUID]:
    """An event for each hit on a link or an image, with its label. Returns the contacts whose engagement may move."""
    leads = dict(
        session.execute(
            sa.select(col(Draft.id), col(Draft.lead_id)).where(col(Draft.id).in_({hit.draft_id for hit in hits}))
        ).all()
    )
    rows = [
        {
            "id": stable_id("event", context.workspace_id, f"hit:{hit.id}"),
            "contact_id": hit.contact_id,
            "lead_id": leads.get(hit.draft_id),
            "kind": hit.kind,
            "actor": hit.actor,
            "rule": f"{hit.rule} ({RULES_VERSION})"[:100],
            "source_key": f"hit:{hit.id}",
            "raw": {"link": hit.link},
            "occurred_at": hit.at,
        }
        for hit in hits
        if not hit.trap
    ]
    bulk.upsert(session, EngagementEvent, rows, key=["source_key"], update=["actor", "rule"])
    return {hit.contact_id for hit in hits if not hit.trap and hit.kind == HitKind.CLICK.value}


def _look_again_at(session: Session, trap: Hit) -> None:
    """A network showed itself: what it did with other mails is labelled anew, by the next round."""
    session.execute(
        sa.update(Hit)
        .where(
            col(Hit.network_index) == trap.network_index,
            col(Hit.draft_id) != trap.draft_id,
            col(Hit.actor) == ActorClass.HUMAN.value,
            col(Hit.at) >= trap.at - _REMEMBERED,
        )
        .values(rules_version=_STALE)
        .execution_options(synchronize_session=False)
    )
