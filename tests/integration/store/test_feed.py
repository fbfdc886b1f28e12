"""The feed on both databases: numbered in the order of commits, whole, without gaps, and never in anybody's way."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from enum import StrEnum
from types import UnionType
from typing import Any, Union, get_args, get_origin
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from core.clock import VirtualClock
from core.ids import SystemIds
from store import audit, feed
from store.feed import Event
from store.feed_kinds import KINDS, Code, Kind, Nothing, TaskData, VersionData
from store.models import FeedEvent
from store.session import Database

WRITERS, EACH = 4, 20


def _ping(number: int = 1) -> Event:
    return Event(Kind.ICP_VERSION_MADE, uuid4(), VersionData(number=number))


def _seqs(database: Database, workspace_id: UUID) -> list[int]:
    with database.read(workspace_id) as session:
        return [row.seq for row in feed.after(session, 0, 100_000)]


def test_events_are_numbered_when_the_transaction_commits(
    database: Database, workspace_id: UUID, clock: VirtualClock
) -> None:
    with database.write(workspace_id) as session:
        feed.publish(session, clock, [_ping(1), _ping(2)])
        feed.publish(session, clock, [_ping(3)])
        assert session.exec(select(FeedEvent)).all() == []
    with database.read(workspace_id) as session:
        rows = feed.after(session, 0, 10)
        assert [(row.seq, row.data["number"]) for row in rows] == [(1, 1), (2, 2), (3, 3)]
        assert feed.newest(session) == 3
        assert feed.oldest(session) == 1
        assert rows[0].subject_kind == "icp"
        assert rows[0].at == clock.now()


def test_what_is_rolled_back_never_happened_and_leaves_no_gap(
    database: Database, workspace_id: UUID, clock: VirtualClock
) -> None:
    def fails() -> None:
        with database.write(workspace_id) as session:
            feed.publish(session, clock, [_ping()])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with database.write(workspace_id) as session:
        feed.publish(session, clock, [_ping()])
        with session.begin_nested():
            pass
    assert _seqs(database, workspace_id) == [1]


def test_another_workspace_has_a_feed_of_its_own(
    database: Database, workspace_id: UUID, make_workspace: Callable[[Database], UUID], clock: VirtualClock
) -> None:
    other = make_workspace(database)
    for number in (workspace_id, other, workspace_id):
        with database.write(number) as session:
            feed.publish(session, clock, [_ping()])
    assert _seqs(database, workspace_id) == [1, 2]
    assert _seqs(database, other) == [1]


def test_a_reader_that_remembers_its_place_misses_nothing_while_many_write(
    database: Database, workspace_id: UUID, clock: VirtualClock
) -> None:
    """Writers commit in any order, some roll back, some write to the audit chain before or after: one reader polls."""
    ids, done = SystemIds(), threading.Event()
    seen: list[tuple[int, int]] = []

    def write(writer: int) -> None:
        for number in range(EACH):
            try:
                with database.write(workspace_id) as session:
                    if number % 3 == 0:
                        _audit(session, clock, ids)
                    feed.publish(session, clock, [_ping(writer * 1000 + number)] * (1 + number % 2))
                    if number % 3 == 1:
                        _audit(session, clock, ids)
                    if number % 5 == 4:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                pass

    def read() -> None:
        last = 0
        while True:
            over = done.wait(0.002)
            with database.read(workspace_id) as session:
                rows = feed.after(session, last, 7)
            seen.extend((row.seq, row.data["number"]) for row in rows)
            last = rows[-1].seq if rows else last
            if over and not rows:
                return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(write, range(WRITERS)))
    finally:
        done.set()
    reader.join(300)
    kept = [w * 1000 + n for w in range(WRITERS) for n in range(EACH) for _ in range(1 + n % 2) if n % 5 != 4]
    assert [seq for seq, _ in seen] == list(range(1, len(kept) + 1))
    assert sorted(number for _, number in seen) == sorted(kept)
    for writer in range(WRITERS):  # what one writer did one after the other stands in that order
        mine = [number for _, number in seen if number // 1000 == writer]
        assert mine == sorted(mine)


def _audit(session: Any, clock: VirtualClock, ids: SystemIds) -> None:
    audit.append(session, clock, ids, actor="system", action="x.y", subject_kind="x", subject_id="1")


def test_filters_and_forgetting(database: Database, workspace_id: UUID, clock: VirtualClock) -> None:
    start, subject = clock.now(), uuid4()
    for day in range(6):
        with database.write(workspace_id) as session:
            events = [_ping(day), Event(Kind.WEBHOOK_PING, subject, Nothing())]
            feed.publish(session, clock, events)
        clock.advance(timedelta(days=1))
    with database.write(workspace_id) as session:
        assert [row.seq for row in feed.after(session, 4, 2, kinds=["webhook.ping"])] == [6, 8]
        assert [row.seq for row in feed.after(session, 0, 9, subject_id=subject)] == [2, 4, 6, 8, 10, 12]
        assert [feed.before(session, start + timedelta(days=day)) for day in range(7)] == [0, 2, 4, 6, 8, 10, 12]
        assert feed.purge(session, start + timedelta(days=2), limit=3) == 3
        assert feed.purge(session, start + timedelta(days=2)) == 1
        assert feed.purge(session, start + timedelta(days=2)) == 0
        assert feed.oldest(session) == 5
        assert feed.newest(session) == 12
        assert feed.purge(session, start + timedelta(days=99)) == 8
        assert feed.oldest(session) == 13
        assert feed.purge(session, start + timedelta(days=99)) == 0


def test_data_of_another_kind_is_refused(database: Database, workspace_id: UUID, clock: VirtualClock) -> None:
    with database.write(workspace_id) as session, pytest.raises(ValueError, match="tells VersionData"):
        feed.publish(session, clock, [Event(Kind.POLICY_CHANGED, uuid4(), Nothing())])
    with pytest.raises(ValueError, match="pattern"):
        TaskData(task_kind="call Ann +49 170 1234567", about_kind="lead", about_id=uuid4())
    with database.write(workspace_id) as session:
        feed.publish(session, clock, [Event(Kind.WEBHOOK_PING, uuid4(), actor="cli:Ann Miller <ann@a.example>")])
    with database.read(workspace_id) as session:
        assert feed.after(session, 0, 1)[0].actor == "cli"


def test_every_kind_is_told_of_and_none_has_room_for_free_text() -> None:
    assert set(KINDS) == set(Kind)
    for kind, about in KINDS.items():
        assert about.text.endswith(".")
        assert len(kind) <= 64
        assert len(about.subject_kind) <= 16
        for name, field in about.data.model_fields.items():
            assert _closed(field.rebuild_annotation()), f"{about.data.__name__}.{name}"


def _closed(annotation: Any) -> bool:
    """No more than ids, numbers, instants, enums and codes of ours."""
    if annotation == Code or annotation in (UUID, int, float, bool, datetime, type(None), Ellipsis):
        return True
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return True
    return get_origin(annotation) in (Union, UnionType, tuple) and all(map(_closed, get_args(annotation)))
