"""Telephony accounts connected and changed; texts and calls let out, each by a person's word for exactly that."""

from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from agents.by_phone import queueing
from agents.by_phone.queueing import CALL_TASKS, TEXT_TASKS, Planned
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views import telephony as views
from core.errors import Conflict, FixConfiguration, NotFound, Rejected
from store import audit
from store.models import InboundEndpoint, OutboxItem, OutboxState, RepPhone, Task, TelephonyAccount, TelephonyState
from store.queries import inbound, outbox, telephony
from tools.phone_numbers import normalise
from tools.webhooks import twilio
from tools.webhooks.path_token import new_token

MOST: Final = 10  # accounts of a workspace


def connect(
    deps: Dependencies,
    principal: Principal,
    account_id: UUID,
    *,
    name: str,
    account_sid: str,
    secret: str,
    key_sid: str = "",
    auth_token: str = "",
    sender: str = "",
    service_sid: str = "",
    **limits: Any,
) -> views.TelephonyAccountOut:
    """A request that is repeated gets the same one. Nothing is sent. Raises Forbidden, Rejected, Conflict."""
    principal.require(Permission.MAILBOXES)
    given = {"account_sid": account_sid, "key_sid": key_sid, "sender": sender, "service_sid": service_sid}
    found = _checked(given)
    token = (auth_token or ("" if key_sid else secret)).strip()
    _check_token(token)
    sealer, now = deps.context_for(principal.workspace_id).sealer, deps.clock.now()
    with deps.database.write(principal.workspace_id) as session:
        if telephony.account_row(session, account_id) is None:
            if session.execute(sa.select(sa.func.count()).select_from(TelephonyAccount)).scalar_one() >= MOST:
                raise Conflict(f"There are {MOST} accounts already.", hint="Delete one that is not needed.")
            endpoint_id = deps.ids.new()
            path_token = new_token(principal.workspace_id)
            session.add(
                InboundEndpoint(
                    workspace_id=principal.workspace_id,
                    id=endpoint_id,
                    vendor=twilio.VENDOR,
                    token_hash=inbound.token_hash(path_token),
                    token_sealed=sealer.seal(path_token, context=inbound.token_under(endpoint_id)),
                    secret_sealed=sealer.seal(token, context=inbound.secret_under(endpoint_id)),
                    created_by=principal.actor,
                    created_at=now,
                )
            )
            session.add(
                TelephonyAccount(
                    workspace_id=principal.workspace_id,
                    id=account_id,
                    name=_name(name),
                    secret_sealed=sealer.seal(secret.strip(), context=telephony.secret_under(account_id)),
                    endpoint_id=endpoint_id,
                    created_by=principal.actor,
                    created_at=now,
                    **found,
                    **limits,
                )
            )
            session.flush()
            _audit(session, deps, principal, "connected", account_id)
        row = views.account_row(session, account_id)
        return views.account(session, sealer, deps.settings.public_url, row, now)


def change(
    deps: Dependencies,
    principal: Principal,
    account_id: UUID,
    *,
    name: str | None = None,
    secret: str | None = None,
    auth_token: str | None = None,
    sender: str | None = None,
    service_sid: str | None = None,
    **limits: int | None,
) -> views.TelephonyAccountOut:
    """None leaves a thing as it is. Another number voids what waits for the old one. Raises Forbidden, NotFound,
    Rejected."""
    principal.require(Permission.MAILBOXES)
    sealer, now = deps.context_for(principal.workspace_id).sealer, deps.clock.now()
    with deps.database.write(principal.workspace_id) as session:
        row = views.account_row(session, account_id, lock=True)
        given = {
            "account_sid": row.account_sid,
            "key_sid": row.key_sid,
            "sender": row.sender if sender is None else sender,
            "service_sid": row.service_sid if service_sid is None else service_sid,
        }
        for column, value in _checked(given).items():
            setattr(row, column, value)
        if name is not None:
            row.name = _name(name)
        if secret is not None:
            row.secret_sealed = sealer.seal(secret.strip(), context=telephony.secret_under(account_id))
            row.not_before = None
        token = auth_token if auth_token is not None else (secret if secret is not None and not row.key_sid else None)
        endpoint = session.get(InboundEndpoint, (principal.workspace_id, row.endpoint_id), with_for_update=True)
        if token is not None and endpoint is not None:
            _check_token(token.strip())
            endpoint.secret_sealed = sealer.seal(token.strip(), context=inbound.secret_under(endpoint.id))
            endpoint.refused_at, endpoint.refusal = None, ""
            session.add(endpoint)
        for column, limit in limits.items():
            if limit is not None:
                setattr(row, column, limit)
        session.add(row)
        session.flush()
        _audit(session, deps, principal, "changed", account_id)
        return views.account(session, sealer, deps.settings.public_url, row, now)


def set_state(
    deps: Dependencies, principal: Principal, account_id: UUID, state: TelephonyState
) -> views.TelephonyAccountOut:
    """What waits stays ready while it is paused. Raises Forbidden, NotFound."""
    principal.require(Permission.MAILBOXES)
    sealer, now = deps.context_for(principal.workspace_id).sealer, deps.clock.now()
    with deps.database.write(principal.workspace_id) as session:
        row = views.account_row(session, account_id, lock=True)
        if row.state is not state:
            row.state, row.pause_reason, row.not_before = state, "", None
            session.add(row)
            session.flush()
            _audit(session, deps, principal, "resumed" if state is TelephonyState.ACTIVE else "paused", account_id)
        return views.account(session, sealer, deps.settings.public_url, row, now)


def delete(deps: Dependencies, principal: Principal, account_id: UUID) -> None:
    """With its key and its address: what waits for it is cancelled. Raises Forbidden, NotFound, Conflict (something of
    it is on its way, so that its outcome would never be known)."""
    principal.require(Permission.MAILBOXES)
    with deps.database.write(principal.workspace_id) as session:
        row = views.account_row(session, account_id, lock=True)
        of_it = col(OutboxItem.telephony_account_id) == account_id
        open_ = sa.select(sa.func.count()).where(
            of_it, col(OutboxItem.state).in_((OutboxState.SENDING, OutboxState.UNKNOWN))
        )
        if session.execute(open_).scalar_one():
            raise Conflict("A text or call of it is on its way, or of unknown outcome.", hint="Settle it first.")
        session.execute(
            sa.update(OutboxItem)
            .where(of_it, col(OutboxItem.state) == OutboxState.READY)
            .values(state=OutboxState.CANCELLED, state_reason="Its account was deleted.")
            .execution_options(synchronize_session=False)
        )
        endpoint = session.get(InboundEndpoint, (principal.workspace_id, row.endpoint_id))
        if endpoint is not None:
            session.delete(endpoint)
        session.delete(row)
        session.flush()
        _audit(session, deps, principal, "deleted", account_id)


def check(deps: Dependencies, principal: Principal, account_id: UUID) -> str:
    """Why the vendor would not take anything from us; "": it would. Nothing is sent. Raises Forbidden, NotFound."""
    principal.require(Permission.MAILBOXES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.read(principal.workspace_id) as session:
        row = views.account_row(session, account_id)
    try:
        return context.tools.telephony(row).problem()
    except FixConfiguration as error:
        return str(error)


def outgoing(deps: Dependencies, principal: Principal, task_id: UUID, *, body: str | None = None) -> Planned:
    """What would leave from the task. Raises Forbidden, NotFound, Rejected, Conflict."""
    principal.require(Permission.PEOPLE)
    context = deps.context_for(principal.workspace_id)
    with deps.database.read(principal.workspace_id) as session:
        task = _task(session, principal, task_id, lock=False)
        return queueing.plan(session, context, task, kind_of(task), user_id=principal.user_id, body=body)


def send(
    deps: Dependencies, principal: Principal, task_id: UUID, *, digest: str, body: str | None = None
) -> views.PhoneItemOut:
    """Raises Forbidden, NotFound, Rejected, Conflict (it is no longer what was shown)."""
    principal.require(Permission.WORK)
    principal.require(Permission.PEOPLE)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        task = _task(session, principal, task_id, lock=True)
        queueing.queue(
            session,
            context,
            task,
            kind_of(task),
            expected=digest,
            actor=principal.actor,
            user_id=principal.user_id,
            body=body,
        )
        session.flush()
        item = views.last_item(session, task)
        assert item is not None  # just queued
        return item


def set_own_phone(deps: Dependencies, principal: Principal, number: str) -> views.OwnPhoneOut:
    """Which phone rings first in this person's calls; empty: none any more. Raises Forbidden, Rejected."""
    principal.require(Permission.WORK)
    if principal.user_id is None:
        raise Rejected(
            "A key of a service has no phone.", hint="Sign in, or use a key of a person's own.", code="no_person"
        )
    sealer = deps.context_for(principal.workspace_id).sealer
    e164 = normalise(number).e164 if number.strip() else ""
    with deps.database.write(principal.workspace_id) as session:
        row = session.get(RepPhone, (principal.workspace_id, principal.user_id), with_for_update=True)
        if not e164:
            if row is not None:
                session.delete(row)
            return views.OwnPhoneOut(number="")
        sealed = sealer.seal(e164, context=telephony.phone_under(principal.user_id))
        if row is None:
            row = RepPhone(
                workspace_id=principal.workspace_id,
                id=principal.user_id,
                number_sealed=sealed,
                updated_at=deps.clock.now(),
            )
        row.number_sealed, row.updated_at = sealed, deps.clock.now()
        session.add(row)
    return views.OwnPhoneOut(number=e164)


def kind_of(task: Task) -> str:
    """Raises Rejected."""
    if task.kind in TEXT_TASKS:
        return outbox.TEXT
    if task.kind in CALL_TASKS:
        return outbox.CALL
    raise Rejected(f"A task of the kind {task.kind} is no text and no call.", code="wrong_task")


def _task(session: Session, principal: Principal, task_id: UUID, *, lock: bool) -> Task:
    task = session.get(Task, (principal.workspace_id, task_id), with_for_update=lock or None)
    if task is None:
        raise NotFound("There is no such task.")
    return task


def _checked(given: dict[str, str]) -> dict[str, Any]:
    """Raises Rejected."""
    found = {name: value.strip() for name, value in given.items()}
    if found["sender"]:
        found["sender"] = normalise(found["sender"]).e164
    said = twilio.refusal(**found)
    if said:
        raise Rejected("That can be no account.", hint=said, code="bad_account")
    return found


def _check_token(token: str) -> None:
    """Raises Rejected where no webhook could be verified: nobody would hear STOP."""
    try:
        twilio.TwilioWebhook(token)
    except FixConfiguration as error:
        raise Rejected(
            "The account's auth token is needed: with it we know that a STOP is Twilio's.",
            hint=error.hint,
            code="bad_secret",
        ) from None


def _name(text: str) -> str:
    name = " ".join(text.split())[:100]
    if not name:
        raise Rejected("Give the account a name.", code="name")
    return name


def _audit(session: Session, deps: Dependencies, principal: Principal, what: str, account_id: UUID) -> None:
    details: dict[str, Any] = {"vendor": twilio.VENDOR}
    audit.append(
        session,
        deps.clock,
        deps.ids,
        actor=principal.actor,
        action=f"telephony.{what}",
        subject_kind="telephony",
        subject_id=account_id,
        details=details,
    )
