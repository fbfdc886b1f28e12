"""A claimed mail from its start to the server's answer: the two writes that stand between one mail and the next.

As the drivers' own SQL, because they are made for every single mail, and SQLAlchemy takes longer to look a statement up
and to bind its values than either database takes to run these.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import orjson
import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from sqlalchemy.engine import Connection, Dialect

from store.models import ApprovalState, DraftState, MailboxState, OutboxItem, OutboxState


@dataclass(frozen=True, slots=True)
class Started:
    """What must still be so at the moment a mail is started, whatever happened since it was claimed."""

    item: OutboxItem
    policy_number: int
    suppression_keys: Sequence[str]  # of its recipient


@dataclass(frozen=True, slots=True)
class Frozen:
    """The very bytes that leave, sealed: written down in the transaction that starts the mail."""

    mime_sealed: str
    mime_sha256: str
    message_id: str
    payload: Mapping[str, Any]  # the item's, with the notice that the bytes carry


def start(connection: Connection, now: datetime, mail: Started, frozen: Frozen | None = None) -> bool:
    """From here on it may have left, these bytes and no others. None: they were frozen before.

    False: the lease is gone, or a person's word, an opt-out, the policy or the mailbox overtook it since the claim:
    then nothing of it may leave, and nothing was written.
    """
    item = mail.item
    values: dict[str, Any] = {
        "item": item.id,
        "token": item.lease_token,
        "now": now,
        "mailbox": item.mailbox_id,
        "policy": mail.policy_number,
        "recipient": list(mail.suppression_keys),
    }
    if item.draft_id is not None:
        values["draft"] = item.draft_id
    if frozen is not None:
        values |= {
            "mime": frozen.mime_sealed,
            "sha256": frozen.mime_sha256,
            "message_id": frozen.message_id,
            "payload": orjson.dumps(frozen.payload, option=orjson.OPT_SORT_KEYS).decode(),
        }
    found = _update(connection.dialect, "start", item.draft_id is not None, frozen is not None)
    return _run(connection, found, item.workspace_id, values)


def taken(connection: Connection, now: datetime, item: OutboxItem, detail: str) -> bool:
    """The server said yes: kept at once, so that a crash leaves nothing to be asked. False: the lease is gone."""
    values = {"item": item.id, "token": item.lease_token, "now": now, "detail": detail}
    return _run(connection, _update(connection.dialect, "taken", False, False), item.workspace_id, values)


_MINE: Final = f"""
    workspace_id = :workspace AND id = :item AND lease_token = :token AND state = '{OutboxState.SENDING.value}'
"""
_NOTHING_OVERTOOK_IT: Final = f"""
    AND started_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM policy WHERE workspace_id = :workspace AND number > :policy)
    AND EXISTS (
        SELECT 1 FROM mailbox
        WHERE workspace_id = :workspace AND id = :mailbox AND state = '{MailboxState.ACTIVE.value}'
    )
    AND NOT EXISTS (
        SELECT 1 FROM suppression WHERE workspace_id = :workspace AND key_index IN (SELECT ONE OF :recipient)
    )
"""  # noqa: S608 (our own words alone, here and below)
_STILL_APPROVED: Final = f"""
    AND EXISTS (
        SELECT 1 FROM draft JOIN approval ON approval.workspace_id = :workspace AND approval.draft_id = draft.id
        WHERE draft.workspace_id = :workspace AND draft.id = :draft
          AND draft.state = '{DraftState.APPROVED.value}' AND approval.state = '{ApprovalState.APPROVED.value}'
    )
"""  # noqa: S608
_STARTS: Final = "started_at = :now, attempts = attempts + 1"
_FREEZES: Final = ", mime_sealed = :mime, mime_sha256 = :sha256, message_id = :message_id, payload = JSON OF :payload"
_TAKES: Final = "taken_at = :now, state_reason = :detail"
_NAME: Final = re.compile(r":(\w+)")


@dataclass(frozen=True, slots=True)
class _Update:
    text: str
    binds: Mapping[str, Callable[[Any], Any]]  # of values that the driver does not take as they are


@lru_cache(maxsize=16)
def _update(dialect: Dialect, what: str, approved: bool, freezes: bool) -> _Update:
    if what == "taken":
        text = f"UPDATE outbox_item SET {_TAKES} WHERE {_MINE}"  # noqa: S608
    else:
        values = _STARTS + (_FREEZES if freezes else "")
        where = _MINE + _NOTHING_OVERTOOK_IT + (_STILL_APPROVED if approved else "")
        text = f"UPDATE outbox_item SET {values} WHERE {where}"  # noqa: S608
    binds: dict[str, Callable[[Any], Any]] = {}
    types: dict[str, sa.types.TypeEngine[Any]] = {"now": sqlmodel.sql.sqltypes.UTCDateTime()}
    types |= {name: sa.Uuid() for name in ("workspace", "item", "mailbox", "draft")}
    for name, kind in types.items():
        bind: Any = kind.dialect_impl(dialect).bind_processor(dialect)
        if bind is not None:
            binds[name] = bind
    if dialect.name == "postgresql":
        text = text.replace("SELECT ONE OF :recipient", "SELECT unnest(CAST(:recipient AS text[]))")
        text = text.replace("JSON OF :payload", "CAST(:payload AS jsonb)")
        text = _NAME.sub(r"%(\1)s", text)
    else:
        text = text.replace("SELECT ONE OF :recipient", "SELECT value FROM json_each(:recipient)")
        text = text.replace("JSON OF :payload", ":payload")
        binds["recipient"] = lambda keys: orjson.dumps(keys).decode()
    return _Update(text, binds)


def _run(connection: Connection, update: _Update, workspace_id: UUID, values: dict[str, Any]) -> bool:
    values["workspace"] = workspace_id
    for name, bind in update.binds.items():
        if name in values and values[name] is not None:
            values[name] = bind(values[name])
    return connection.exec_driver_sql(update.text, values).rowcount == 1
