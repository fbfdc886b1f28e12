"""Asks Gmail to publish changes of an inbox to a Pub/Sub topic. It ends by itself after seven days.

https://developers.google.com/workspace/gmail/api/guides/push. Asking again, also from several processes, only
prolongs it.
"""

from datetime import UTC, datetime

from pydantic import BaseModel, Field

from tools.providers.oauth import AccessTokens
from tools.providers.vendor.account import Wire
from tools.providers.vendor.google_mail import connect

_WATCH = "/gmail/v1/users/me/watch"


class _Watch(BaseModel):
    expiration: int = Field(gt=0, lt=32_503_680_000_000)  # milliseconds of the epoch, which Gmail writes as a string


class GmailPush:
    def __init__(self, tokens: AccessTokens, wire: Wire, topic: str) -> None:
        self._api = connect(tokens, wire)
        self._topic = topic

    def renew(self) -> datetime:
        """Raises RetryAt, FixConfiguration (no such topic, or Gmail may not publish to it)."""
        wanted = {"topicName": self._topic, "labelIds": ["INBOX"], "labelFilterBehavior": "include"}
        until = self._api.post(_WATCH, json=wanted).read(_Watch).expiration
        return datetime.fromtimestamp(until / 1_000, UTC)
