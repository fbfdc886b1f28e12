"""The local CRM book: every step once, in rows of the store. What a workspace has before it connects a vendor."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from core.clock import Clock
from core.crypto import Sealer
from core.ids import stable_id
from store import bulk
from store.models import CrmActivityRow, CrmLink
from store.session import Database
from tools.ports import CrmActivity


def summary_context(activity_id: UUID) -> str:
    return f"crm_activity|summary|{activity_id}"


class CrmBook:
    """Implements tools.ports.Crm. A key that is known changes nothing, so a repeated batch is harmless."""

    name = "book"

    def __init__(self, database: Database, workspace_id: UUID, clock: Clock, sealer: Sealer) -> None:
        self._database = database
        self._workspace_id = workspace_id
        self._clock = clock
        self._sealer = sealer

    def mirror(self, activities: Sequence[CrmActivity]) -> list[str]:
        """The book's own id of each, in order. Two statements a batch."""
        ids = [stable_id("crm_activity", self._workspace_id, activity.key) for activity in activities]
        now = self._clock.now()
        rows = {row_id: self._row(row_id, activity) for row_id, activity in zip(ids, activities, strict=True)}
        links: dict[UUID, dict[str, Any]] = {
            activity.record_id: {
                "id": stable_id("crm_link", self._workspace_id, self.name, activity.record_id),
                "provider": self.name,
                "local_kind": activity.record_kind,
                "local_id": activity.record_id,
                "remote_id": f"{activity.record_kind}:{activity.record_id}",
                "created_at": now,
            }
            for activity in activities
        }
        with self._database.write(self._workspace_id) as session:
            bulk.insert_ignore(session, CrmActivityRow, list(rows.values()))
            bulk.insert_ignore(session, CrmLink, list(links.values()))
        return [str(row_id) for row_id in ids]

    def _row(self, row_id: UUID, activity: CrmActivity) -> dict[str, Any]:
        return {
            "id": row_id,
            "key": activity.key,
            "record_kind": activity.record_kind,
            "record_id": activity.record_id,
            "kind": activity.kind,
            "summary_sealed": self._sealer.seal(activity.summary, context=summary_context(row_id)),
            "fields": dict(activity.fields),
            "occurred_at": activity.occurred_at,
            "written_at": self._clock.now(),
        }
