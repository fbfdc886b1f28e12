"""Uploads that somebody started are taken in here, page by page: a request never runs for minutes."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from agents.context import AgentContext
from agents.importing import Interrupted, Overtaken, Readers, take_in
from agents.uploads import forget, to_take_in
from core.errors import SalesOSError
from core.logging import get_logger
from store.models import ImportBatch, ImportState
from tools.mapping.document import load_mapping
from tools.providers.company_source.files import FileCompanySource
from tools.providers.usage.files import FileUsageSource

_log = get_logger(__name__)
_READERS = Readers(FileCompanySource, FileUsageSource)


def take_in_uploads(context: AgentContext, stopping: Callable[[], bool] = lambda: False) -> int:
    """All that wait in this workspace. Returns how many came to an end."""
    with context.database.read(context.workspace_id) as session:
        waiting = to_take_in(session, context)
    return sum(take_in_upload(context, batch_id, stopping) for batch_id in waiting)


def take_in_upload(context: AgentContext, batch_id: UUID, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Whether it came to an end. Its errors stay on the batch; stopped in the middle, the next call goes on there."""
    with context.database.write(context.workspace_id) as session:
        batch = session.get(ImportBatch, (context.workspace_id, batch_id), with_for_update=True)
        if batch is None or batch.state not in (ImportState.QUEUED, ImportState.RUNNING):
            return False
        batch.state, batch.error = ImportState.RUNNING, ""
        session.add(batch)

    def on_page(_: ImportBatch) -> None:
        if stopping():
            raise Interrupted

    try:
        take_in(context, batch, load_mapping(batch.mapping), _READERS, on_page)
    except (Overtaken, Interrupted):
        return False
    except SalesOSError as error:  # it stands on the batch, for whoever looks there
        _log.warning("an import failed", batch=str(batch_id), error=type(error).__name__)
        return True
    except Exception:
        _log.exception("an import failed", batch=str(batch_id))
        return True
    forget(Path(batch.path))
    return True
