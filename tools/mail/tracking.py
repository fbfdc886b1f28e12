"""Links of ours that stand for a link of a draft. They name a place in the store, never an address: there is nothing
in them that could lead anywhere else, and without our key nobody makes one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from core.errors import NotFound
from tools.tokens import IdTokens

TRAP: Final = -1  # the link that no person sees
_TRAP_ID: Final = UUID(int=2**64)


@dataclass(frozen=True, slots=True)
class TrackedLinks:
    """What a mail's HTML leads through: nothing, unless a policy and the law allow it."""

    targets: dict[str, str] = field(default_factory=dict)  # link of the draft → ours; the text shows the former
    trap: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class HitSubject:
    workspace_id: UUID
    draft_id: UUID
    link: int  # TRAP, or its place among the draft's links


class HitTokens:
    """Made with the first key, read with all: a rotation breaks no link."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """`keys`: secrets of at least 32 bytes, the current one first. Raises FixConfiguration."""
        self._tokens = IdTokens(keys, purpose=b"salesos hit token 1", count=3)

    def make(self, workspace_id: UUID, draft_id: UUID, link: int) -> str:
        return self._tokens.make(workspace_id, draft_id, _TRAP_ID if link == TRAP else UUID(int=link))

    def read(self, token: str) -> HitSubject:
        """Raises NotFound for anything that was not made here, without saying why."""
        found = self._tokens.read(token)
        if found is None:
            raise NotFound("This link is not one of ours, or was cut short.", hint="Copy the whole link from the mail.")
        workspace_id, draft_id, link = found
        return HitSubject(workspace_id, draft_id, TRAP if link == _TRAP_ID else link.int)


def tracked_links(
    public_url: str,
    tokens: HitTokens,
    workspace_id: UUID,
    draft_id: UUID,
    links: Sequence[str],
    *,
    clicks: bool,
    opens: bool,
) -> TrackedLinks:
    """Links to our own pages are left as they are: booking and unsubscribing are nobody's business but theirs."""
    base = public_url.rstrip("/")

    def ours(kind: str, link: int) -> str:
        return f"{base}/{kind}/{tokens.make(workspace_id, draft_id, link)}"

    targets = {
        link: ours("c", number)
        for number, link in enumerate(links)
        if clicks and link.startswith(("https://", "http://")) and link != base and not link.startswith(f"{base}/")
    }
    return TrackedLinks(targets, ours("c", TRAP) if targets else "", ours("o", TRAP) if opens else "")
