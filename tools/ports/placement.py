"""Where a mail of ours landed at a mailbox provider: asked of an address there that is ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tools.ports.unknown import Unknown


class Tab(StrEnum):
    INBOX = "inbox"
    PROMOTIONS = "promotions"  # of providers that have such a tab; part of the inbox, and seldom looked at
    SPAM = "spam"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Landed:
    tab: Tab
    folder: str  # as the provider calls it, at most 255 characters; tainted


class SeedReader(Protocol):
    """The folders of one address. Nothing there is changed, marked or moved."""

    def find(self, message_ids: Sequence[str]) -> Mapping[str, Landed] | Unknown:
        """Those that are there, by Message-ID with its angle brackets; what is not named is in no folder. Unknown, with
        the reason, when the folders could not be read: that says nothing of where a mail is."""
        ...

    def problem(self) -> str:
        """Why its folders cannot be read; "": they can be."""
        ...
