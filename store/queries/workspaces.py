"""Workspaces themselves: the only rows that belong to none."""

from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from core.clock import Clock
from core.errors import Conflict, NotFound
from core.ids import Ids
from store.models import Workspace
from store.session import Database


def list_ids(database: Database) -> list[UUID]:
    """Every workspace, oldest first."""
    with database.unscoped() as session:
        return list(session.exec(select(Workspace.id).order_by(col(Workspace.created_at), col(Workspace.id))))


def all_workspaces(database: Database) -> list[Workspace]:
    with database.unscoped() as session:
        return list(session.exec(select(Workspace).order_by(col(Workspace.created_at), col(Workspace.id))))


def by_slug(database: Database, slug: str) -> Workspace:
    """Raises NotFound."""
    with database.unscoped() as session:
        found = session.exec(select(Workspace).where(Workspace.slug == slug)).first()
    if found is None:
        raise NotFound(f'There is no workspace "{slug}".', hint="`salesos init --workspace` makes one.")
    return found


def get(session: Session, workspace_id: UUID) -> Workspace:
    """In any session, scoped or not. Raises NotFound."""
    found = session.get(Workspace, workspace_id)
    if found is None:
        raise NotFound("There is no such workspace.")
    return found


def create(database: Database, clock: Clock, ids: Ids, *, slug: str, name: str, **columns: Any) -> Workspace:
    """Raises Conflict where the slug is taken."""
    with database.unscoped(writes=True) as session:
        if session.exec(select(Workspace.id).where(Workspace.slug == slug)).first() is not None:
            raise Conflict(f'There is a workspace "{slug}" already.', hint="Choose another slug.")
        workspace = Workspace(id=ids.new(), slug=slug, name=name, created_at=clock.now(), **columns)
        session.add(workspace)
        session.flush()
    return workspace
