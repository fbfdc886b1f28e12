"""A server that says by itself when mail arrives. It only makes a reading happen sooner: reading on a timer stays."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class InboxWatch(Protocol):
    def watch(self, arrived: Callable[[], None], stopping: Callable[[], bool]) -> None:
        """Calls `arrived` once it listens, and each time that the server says so; until `stopping`.

        Raises RetryAt (the connection ended: listen again after a while), FixConfiguration (it cannot be listened to).
        """
        ...


@dataclass(frozen=True, slots=True)
class MailArrived:
    """A service's word that something changed in an inbox there. It says no more than that."""

    address: str  # of the account, in lower case; tainted
    inbox: str  # the kind of inbox that it is: "gmail"


class PushSource(Protocol):
    """An inbox whose service tells changes to an endpoint of ours, as long as it is asked to."""

    def renew(self) -> datetime:
        """Asks anew; until when it holds. Asked again it changes nothing. Raises RetryAt, FixConfiguration."""
        ...
