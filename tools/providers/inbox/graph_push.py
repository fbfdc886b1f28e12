"""Asks Microsoft Graph to post that mail came into an inbox. What it posts is read by tools/webhooks/graph.py.

https://learn.microsoft.com/graph/api/resources/subscription. A subscription has an id of Graph's, which is kept, and
ends by itself: for messages after 4,230 minutes at most (a longer wish is refused, not shortened). Prolonging it also
authorises it anew. Where the answer to a first asking was lost, the subscription is looked for by its address before
another one is made: Graph would post everything twice. Those that a grant before this one left behind are deleted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, Field

from core.clock import Clock
from core.errors import FixConfiguration, NotFound, Rejected, SalesOSError
from core.logging import get_logger
from store.queries.inbox_subscriptions import Asking, Elsewhere
from tools.providers.oauth import AccessTokens
from tools.providers.vendor.account import Wire
from tools.providers.vendor.microsoft_graph import BASE_URL, SyncLost, connect

_log = get_logger(__name__)
LIFETIME: Final = timedelta(minutes=4_200)
_SUBSCRIPTIONS: Final = "/subscriptions"
_PATH: Final = "/webhooks/graph/"
_RESOURCE: Final = "me/mailFolders('inbox')/messages"
_MOST_PAGES: Final = 20  # of 1,000 subscriptions that an account may have


class _Subscription(BaseModel):
    id: str = Field(min_length=1, max_length=255)
    expires_at: AwareDatetime = Field(alias="expirationDateTime")


class _Listed(BaseModel):
    id: str = Field(min_length=1, max_length=255)
    notification_url: str | None = Field(default=None, alias="notificationUrl")


class _Page(BaseModel):
    value: list[_Listed]
    next_link: str | None = Field(default=None, alias="@odata.nextLink")


class SubscriptionBook(Protocol):
    """Where the subscription of one mailbox is kept. Each call is a transaction of its own."""

    def begin(self) -> Asking | Elsewhere: ...

    def made(self, asking: Asking, began: datetime, remote_id: str, expires_at: datetime) -> bool: ...

    def ended(self, asking: Asking) -> None: ...

    def failed(self, asking: Asking, problem: str) -> None: ...

    def is_left_behind(self, token: str) -> bool:
        """Whether the token of an address was this workspace's, and is no mailbox's any more."""
        ...


class GraphPush:
    def __init__(self, tokens: AccessTokens, wire: Wire, book: SubscriptionBook, base_url: str) -> None:
        """`base_url`: ours, as it is reached from the internet, https."""
        self._api = connect(tokens, wire)
        self._clock: Clock = wire.clock
        self._book = book
        self._base_url = base_url.rstrip("/")

    def renew(self) -> datetime:
        """Raises RetryAt, FixConfiguration (no permission, or Graph cannot reach us)."""
        began = self._clock.now()
        asking = self._book.begin()
        if isinstance(asking, Elsewhere):
            return asking.expires_at or began
        with self._noted(asking):
            held = self._prolonged(asking.remote_id) if asking.remote_id else None
            if held is None:
                if asking.remote_id:
                    self._book.ended(asking)
                held = self._adopted(asking) or self._made(asking)
            self._book.made(asking, began, held.id, held.expires_at.astimezone(UTC))
        return held.expires_at.astimezone(UTC)

    @contextmanager
    def _noted(self, asking: Asking) -> Iterator[None]:
        try:
            yield
        except Rejected as error:  # Graph refuses what we ask for: nobody but a person changes that
            self._book.failed(asking, str(error))
            raise FixConfiguration(
                error.message, hint="SALESOS_PUBLIC_URL must be reachable from the internet by https."
            ) from None
        except SalesOSError as error:
            self._book.failed(asking, str(error))
            raise

    def _prolonged(self, remote_id: str) -> _Subscription | None:
        """None: Graph knows it no longer."""
        try:
            answer = self._api.patch(f"{_SUBSCRIPTIONS}/{quote(remote_id, safe='')}", json=self._until())
        except (NotFound, SyncLost):
            return None
        return answer.read(_Subscription)

    def _adopted(self, asking: Asking) -> _Subscription | None:
        """One that was made for this address, its answer lost. Of the account's others only those are touched that an
        older grant was posted to."""
        url, link = self._url(asking), _SUBSCRIPTIONS
        for _ in range(_MOST_PAGES):
            page = self._api.get(link).read(_Page)
            for each in page.value:
                if each.notification_url == url and (held := self._prolonged(each.id)) is not None:
                    return held
                self._delete_left_behind(each)
            if page.next_link is None or not page.next_link.startswith(f"{BASE_URL}/"):  # our token goes nowhere else
                break
            link = page.next_link
        return None

    def _delete_left_behind(self, held: _Listed) -> None:
        """Graph would post to it in vain for days. Best effort: it ends by itself too."""
        address, ours = held.notification_url or "", f"{self._base_url}{_PATH}"
        if not address.startswith(ours) or not self._book.is_left_behind(address.removeprefix(ours)):
            return
        try:
            self._api.delete(f"{_SUBSCRIPTIONS}/{quote(held.id, safe='')}")
        except SalesOSError as error:
            _log.info("a subscription of an older grant was not deleted", reason=str(error))

    def _made(self, asking: Asking) -> _Subscription:
        url = self._url(asking)
        wanted = {
            "changeType": "created",
            "notificationUrl": url,
            "lifecycleNotificationUrl": url,
            "resource": _RESOURCE,
            "clientState": asking.word,
            "latestSupportedTlsVersion": "v1_2",
            **self._until(),
        }
        return self._api.post_once(_SUBSCRIPTIONS, json=wanted).read(_Subscription)

    def _until(self) -> dict[str, Any]:
        return {"expirationDateTime": (self._clock.now() + LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ")}

    def _url(self, asking: Asking) -> str:
        return f"{self._base_url}{_PATH}{asking.token}"
