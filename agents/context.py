"""What every agent works with. Passed as LangGraph's runtime context, so it is never checkpointed."""

from dataclasses import dataclass
from uuid import UUID

from core.clock import Clock
from core.crypto import Sealer
from core.ids import Ids
from core.settings import Settings
from store.session import Database
from tools.registry import Toolbox


@dataclass(frozen=True)
class AgentContext:
    database: Database
    workspace_id: UUID
    clock: Clock
    ids: Ids
    sealer: Sealer  # this workspace's
    tools: Toolbox
    settings: Settings
