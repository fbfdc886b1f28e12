"""What calendars' services post on a channel: that something changed, and never what. A notice is a hint to look.

Google says it in headers alone (https://developers.google.com/workspace/calendar/api/guides/push), Microsoft in the
body that its mail has too (tools/webhooks/graph.py). Neither signs anything: what is theirs is known by an address that
nobody guesses and a word of ours that they repeat.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from uuid import UUID

from core.errors import Forbidden, Rejected
from tools.webhooks import graph

GOOGLE, GRAPH = "google", "graph"  # as connections name their services
PATHS: Final = {GOOGLE: "/webhooks/google-calendar/", GRAPH: "/webhooks/graph-calendar/"}
_SYNC: Final = "sync"


@dataclass(frozen=True, slots=True)
class Notice:
    changed: bool = True  # False: the service only shows that it reaches us
    resource_id: str = ""  # of a first post: by which name the channel is stopped
    expires_at: datetime | None = None
    wishes: bool = False  # to be asked anew
    removed: bool = False  # because it has ended the channel


def path_of(service: str) -> str:
    return PATHS[service]


def google(headers: Mapping[str, str], *, word: str, channel_id: UUID) -> Notice:
    """`headers`: whatever the case of a name. Raises Forbidden, Rejected."""
    # Both are compared, whichever is wrong: how long it takes tells nothing of either.
    same = hmac.compare_digest(headers.get("x-goog-channel-id", "").encode(), str(channel_id).encode())
    said = hmac.compare_digest(headers.get("x-goog-channel-token", "").encode(), word.encode())
    if not (same and said):
        raise Forbidden("It does not bear the channel and the word that Google Calendar was given.")
    state = headers.get("x-goog-resource-state", "")
    if not state:
        raise Rejected("That is nothing that Google Calendar posts.")
    if state != _SYNC:
        return Notice()
    ends = _instant(headers.get("x-goog-channel-expiration", ""))
    return Notice(changed=False, resource_id=headers.get("x-goog-resource-id", ""), expires_at=ends)


def microsoft(raw: bytes, *, word: str, remote_id: str) -> Notice:
    """`remote_id`: the subscription that is kept, "" while it is being made. Raises Forbidden, Rejected."""
    found = graph.proven(raw, word=word)
    mine = {each.lifecycle_event for each in found if each.subscription_id == (remote_id or None)}
    return Notice(wishes=bool(mine & {graph.REAUTHORISE, graph.REMOVED}), removed=graph.REMOVED in mine)


def _instant(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else None
