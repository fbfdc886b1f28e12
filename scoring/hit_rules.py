"""Who followed a link: human, machine or unknown, and the rule that said so. Versioned; of one mail's hits at once.

A hit is read among the others of its mail, because scanners show themselves by what they do together: they take every
link, in order, within seconds, also the one that no person sees. What is not clearly a person is not counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from scoring.engagement import ActorClass
from scoring.hit_networks import (
    NETWORKS_VERSION,
    is_browser,
    is_hosting,
    is_program,
    is_scanner,
    network_of,
    sends_fetch_metadata,
)

RULES_VERSION: Final = f"hits-1+{NETWORKS_VERSION}"

# From the server's yes to a click: a person has to see the mail, open it and read.
_TOO_SOON: Final = timedelta(seconds=10)
_SOON: Final = timedelta(seconds=30)
# Two different links within it: nobody reads that fast.
_BURST: Final = timedelta(seconds=5)
# All links of a mail, one after the other, within it: a sandbox that takes its time.
_SWEEP: Final = timedelta(minutes=10)
_SWEEP_LINKS: Final = 3  # two links in order are what a curious person does as well
# A program that fell into the trap of this mail: its other hits around that time are its as well. By network and agent,
# because people behind a gateway of their own share its address, and not its agent.
_NEAR_TRAP: Final = timedelta(hours=1)
# Behind a gateway of their own people share its address; it looks at a mail early, they read it later.
_AFTER_OWN_GATEWAY: Final = timedelta(minutes=10)
_PREFETCH: Final = ("purpose", "sec-purpose", "x-moz", "x-purpose")


class HitKind(StrEnum):
    CLICK = "click"
    OPEN = "open"


class Known(StrEnum):
    """What is known of a network from other mails."""

    NOTHING = ""
    OWN_GATEWAY = "own_gateway"  # fell into a trap, only ever of mails to this very company
    TRAPPED = "trapped"  # fell into traps of mails to others


@dataclass(frozen=True, slots=True)
class RawHit:
    hit_id: str
    kind: HitKind
    link: int  # its place among the mail's links, from 0; -1: the trap or an image
    trap: bool
    method: str
    at: datetime
    address: str
    agent: str
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case

    @property
    def network(self) -> str:
        return network_of(self.address)

    @property
    def who(self) -> tuple[str, str]:
        return self.network, self.agent


@dataclass(frozen=True, slots=True)
class Label:
    hit_id: str
    actor: ActorClass
    rule: str


@dataclass(frozen=True, slots=True)
class Mail:
    """What the rules know of the mail that was hit."""

    links: int  # how many it has
    delivered_at: datetime | None
    networks: Mapping[str, Known] = field(default_factory=dict)


def classify(hits: Sequence[RawHit], mail: Mail) -> list[Label]:
    """A label for each hit of one mail, in their order. Later hits may change what earlier ones were."""
    together = _Together.of(hits, mail)
    return [_label(hit, mail, together) for hit in hits]


@dataclass(frozen=True, slots=True)
class _Together:
    traps: Sequence[tuple[tuple[str, str], datetime]]
    clicks: Sequence[RawHit]  # on real links, by time
    swept: frozenset[tuple[str, str]]  # network and agent of who took all links in order

    @classmethod
    def of(cls, hits: Sequence[RawHit], mail: Mail) -> "_Together":
        traps = [(hit.who, hit.at) for hit in hits if hit.trap]
        clicks = sorted((h for h in hits if h.kind is HitKind.CLICK and not h.trap), key=lambda h: (h.at, h.hit_id))
        swept = {who for who in {hit.who for hit in clicks} if _swept(clicks, who, mail.links)}
        return cls(traps, clicks, frozenset(swept))


def _swept(clicks: Sequence[RawHit], who: tuple[str, str], links: int) -> bool:
    first: dict[int, datetime] = {}
    for hit in clicks:
        if hit.who == who:
            first.setdefault(hit.link, hit.at)
    if links < _SWEEP_LINKS or len(first) < links:
        return False
    order = [at for _, at in sorted(first.items())]
    return order == sorted(order) and order[-1] - order[0] <= _SWEEP


def _label(hit: RawHit, mail: Mail, together: _Together) -> Label:
    rule = _machine(hit, mail, together)
    if rule:
        return Label(hit.hit_id, ActorClass.MACHINE, rule)
    rule = _unknown(hit, mail)
    if rule:
        return Label(hit.hit_id, ActorClass.UNKNOWN, rule)
    return Label(hit.hit_id, ActorClass.HUMAN, "browser")


def _machine(hit: RawHit, mail: Mail, together: _Together) -> str:
    """The first rule that says: no person did this. "": none does."""
    if hit.trap:
        return "trap"
    if hit.method.upper() != "GET":
        return "not_get"
    if any("prefetch" in hit.headers.get(name, "").lower() for name in _PREFETCH):
        return "prefetch"
    if is_program(hit.agent) or "headless" in hit.headers.get("sec-ch-ua", "").lower():
        return "agent"
    if is_scanner(hit.address):
        return "network"
    if hit.kind is HitKind.OPEN:
        return ""
    if any(who == hit.who and abs(at - hit.at) <= _NEAR_TRAP for who, at in together.traps):
        return "near_trap"
    if mail.delivered_at is not None and hit.at - mail.delivered_at < _TOO_SOON:
        return "too_soon"
    if any(other.link != hit.link and abs(other.at - hit.at) <= _BURST for other in together.clicks):
        return "burst"
    if hit.who in together.swept:
        return "sweep"
    if is_browser(hit.agent) and not _as_a_browser(hit):
        return "forged_browser"
    return ""


def _as_a_browser(hit: RawHit) -> bool:
    """Whether the request has what the browser that it names sends with one."""
    if not hit.headers.get("accept-language", "").strip():
        return False
    if not sends_fetch_metadata(hit.agent):
        return True
    mode, target = hit.headers.get("sec-fetch-mode", ""), hit.headers.get("sec-fetch-dest", "")
    return mode == "navigate" and target in ("document", "")


def _unknown(hit: RawHit, mail: Mail) -> str:
    """The first rule that says: it may have been a person or not. "": none does."""
    if hit.kind is HitKind.OPEN:
        return "image"  # a mail program loaded it; nobody can say whether somebody looked
    if mail.delivered_at is None:
        return "no_delivery"
    if not is_browser(hit.agent):
        return "odd_agent"
    known = mail.networks.get(hit.network, Known.NOTHING)
    if known is Known.TRAPPED:
        return "trapped_network"
    if known is Known.OWN_GATEWAY and hit.at - mail.delivered_at < _AFTER_OWN_GATEWAY:
        return "own_gateway"
    if is_hosting(hit.address):
        return "hosting"
    if hit.at - mail.delivered_at < _SOON:
        return "soon"
    return ""
