"""The composition root: everything made once, from the settings, and handed down. Nothing below makes its own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from fastapi import FastAPI

from agents.context import AgentContext
from api.app import create_app
from api.dependencies import Dependencies
from core.clock import Clock, SystemClock
from core.crypto import MasterKeys, Sealer
from core.ids import Ids, SystemIds
from core.master_keys import load_master_keys
from core.settings import Settings
from graphs.checkpoints import open_checkpointer
from graphs.threads import Threads
from graphs.wiring import supervisor_threads
from store.session import Database
from store.vault import sealer_for
from tools.calendar.booking import BookingTokens, booking_url, meeting_url
from tools.mail.tracking import HitTokens, TrackedLinks, tracked_links
from tools.mail.unsubscribe import UnsubscribeTokens, unsubscribe_url
from tools.notice_links import NoticeLinks
from tools.providers.catalog import build_toolbox
from tools.registry import Toolbox
from workers.recovery import resolve_unknown
from workers.runtime import Worker


@dataclass(frozen=True)
class Application:
    settings: Settings
    database: Database
    clock: Clock
    ids: Ids
    master_keys: MasterKeys
    threads: Threads
    toolbox: Toolbox
    unsubscribe: UnsubscribeTokens
    booking: BookingTokens
    hits: HitTokens
    notices: NoticeLinks

    def sealer_of(self, workspace_id: UUID) -> Sealer:
        return sealer_for(self.database, workspace_id, self.master_keys, self.clock)

    def context_for(self, workspace_id: UUID) -> AgentContext:
        return AgentContext(
            self.database, workspace_id, self.clock, self.ids, self.sealer_of(workspace_id), self.toolbox, self.settings
        )

    def unsubscribe_url(self, workspace_id: UUID, contact_id: UUID, draft_id: UUID | None) -> str:
        token = self.unsubscribe.make(workspace_id, contact_id, draft_id)
        return unsubscribe_url(self.settings.public_url, token)

    def track(
        self, workspace_id: UUID, draft_id: UUID, links: Sequence[str], clicks: bool, opens: bool
    ) -> TrackedLinks:
        base = self.settings.public_url
        return tracked_links(base, self.hits, workspace_id, draft_id, links, clicks=clicks, opens=opens)

    @cached_property
    def worker(self) -> Worker:
        return Worker(
            self.database,
            self.settings,
            self.clock,
            self.context_for,
            self.threads,
            self.unsubscribe_url,
            track=self.track,
            notice_url=self.notices.url,
            anchor_key=self.master_keys.derive("audit anchors")[0],
        )

    @cached_property
    def app(self) -> FastAPI:
        return create_app(
            Dependencies(
                settings=self.settings,
                database=self.database,
                clock=self.clock,
                ids=self.ids,
                context_for=self.context_for,
                unsubscribe=self.unsubscribe,
                booking=self.booking,
                hits=self.hits,
                notices=self.notices,
                resolve_unknown=resolve_unknown,
                sso_keys=self.master_keys.derive("single sign-on"),
            )
        )


@contextmanager
def compose(
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    master_keys: MasterKeys | None = None,
    toolbox: Toolbox | None = None,
) -> Iterator[Application]:
    """The application, closed at the end. The keyword arguments are for the demo and for tests.

    Raises FixConfiguration where a key or a setting is missing.
    """
    settings, clock, ids = settings or Settings(), clock or SystemClock(), ids or SystemIds()
    keys = master_keys or load_master_keys(settings)
    database = Database.from_settings(settings)
    booking = BookingTokens(keys.derive("booking links"))

    def link(workspace_id: UUID, hold_id: UUID) -> str:
        return booking_url(settings.public_url, booking.make(workspace_id, hold_id))

    def meeting_link(workspace_id: UUID, meeting_id: UUID) -> str:
        return meeting_url(settings.public_url, booking.make_meeting(workspace_id, meeting_id))

    def sealer_of(workspace_id: UUID) -> Sealer:
        return sealer_for(database, workspace_id, keys, clock)

    try:
        with open_checkpointer(settings) as checkpointer:
            yield Application(
                settings=settings,
                database=database,
                clock=clock,
                ids=ids,
                master_keys=keys,
                threads=supervisor_threads(checkpointer),
                toolbox=toolbox
                or build_toolbox(settings, database, clock, ids, sealer_of, link, meeting_url=meeting_link),
                unsubscribe=UnsubscribeTokens(keys.derive("unsubscribe links")),
                booking=booking,
                hits=HitTokens(keys.derive("hit links")),
                notices=NoticeLinks(keys.derive("notice links"), settings.public_url),
            )
    finally:
        database.close()
