"""Telling a team: a few words and one link, in a channel of theirs."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class NoticeService(StrEnum):
    SLACK_WEBHOOK = "slack_webhook"  # the address is the secret
    SLACK_BOT = "slack_bot"  # a token, and the channel's id
    TEAMS = "teams_workflow"  # the address is the secret


@dataclass(frozen=True, slots=True)
class NoticeText:
    title: str
    line: str
    link: str
    link_label: str


class NoticeOutcome(StrEnum):
    TAKEN = "taken"
    DEFERRED = "deferred"  # surely not taken: said again later
    REFUSED = "refused"  # this one, for good
    CLOSED = "closed"  # the channel or its key: no other will be taken either
    UNKNOWN = "unknown"  # it may have been taken, and nothing can find that out


@dataclass(frozen=True, slots=True)
class NoticeAnswer:
    outcome: NoticeOutcome
    said: str = ""
    retry_after_seconds: float | None = None


class Notifier(Protocol):
    def notify(self, text: NoticeText) -> NoticeAnswer:
        """Says it once: nothing in it repeats. Never raises for what a service says or a network does."""
        ...
