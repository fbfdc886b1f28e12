"""A mailbox's subscription at its service, as the store keeps it: one transaction a call, none over the network."""

from dataclasses import dataclass
from datetime import datetime

from core.clock import Clock
from core.crypto import Sealer
from store.models import Mailbox
from store.queries import inbox_subscriptions
from store.queries.inbox_subscriptions import Asking, Elsewhere
from store.session import Database
from tools.webhooks import graph
from tools.webhooks.path_token import new_token, workspace_of_token


@dataclass(frozen=True, slots=True)
class StoredSubscription:
    """tools.providers.inbox.graph_push.SubscriptionBook"""

    database: Database
    sealer: Sealer
    clock: Clock
    mailbox: Mailbox

    def begin(self) -> Asking | Elsewhere:
        with self.database.write(self.mailbox.workspace_id) as session:
            return inbox_subscriptions.begin(session, self.sealer, self.clock.now(), self.mailbox, new_token)

    def made(self, asking: Asking, began: datetime, remote_id: str, expires_at: datetime) -> bool:
        with self.database.write(self.mailbox.workspace_id) as session:
            return inbox_subscriptions.made(session, asking, began, remote_id, expires_at)

    def ended(self, asking: Asking) -> None:
        with self.database.write(self.mailbox.workspace_id) as session:
            inbox_subscriptions.ended(session, asking)

    def failed(self, asking: Asking, problem: str) -> None:
        with self.database.write(self.mailbox.workspace_id) as session:
            inbox_subscriptions.failed(session, asking, problem)

    def is_left_behind(self, token: str) -> bool:
        if workspace_of_token(token) != self.mailbox.workspace_id:
            return False
        with self.database.read(self.mailbox.workspace_id) as session:
            return inbox_subscriptions.by_token(session, graph.VENDOR, token) is None
