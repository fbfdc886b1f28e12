"""Accounts at vendors of data: the one writer behind the CLI, the API and the console."""

from collections.abc import Mapping
from uuid import UUID

from sqlmodel import Session, select

from agents.context import AgentContext
from core.errors import NotFound, Rejected
from core.ids import stable_id
from store import audit
from store.models import VendorAccount
from tools.ports import VendorSpec

MAX_KEY = 4_096  # characters; a JSON service account is about 2,400
_MAX_OPTION = 500


def spec_of(context: AgentContext, name: str) -> VendorSpec:
    """Raises NotFound, naming the vendors there are."""
    for spec in context.tools.vendors:
        if spec.name == name:
            return spec
    known = ", ".join(spec.name for spec in context.tools.vendors)
    raise NotFound(f"There is no vendor “{name[:40]}”.", hint=f"Vendors are: {known}.")


def account_id(workspace_id: UUID, vendor: str) -> UUID:
    return stable_id("vendor_account", workspace_id, vendor)


def set_account(
    session: Session,
    context: AgentContext,
    vendor: str,
    *,
    key: str | None,
    options: Mapping[str, str],
    credit_micros: int,
    by: str,
) -> VendorAccount:
    """Makes the account or changes it; `key` None keeps the one there is. A refusal is forgotten: it is tried anew.

    Raises NotFound (no such vendor), Rejected (a key, an option or a price that cannot be).
    """
    spec = spec_of(context, vendor)
    row = _row(session, vendor)
    _check(spec, key, options, credit_micros, has_key=row is not None and bool(row.key_sealed))
    made = row is None
    if row is None:
        row = VendorAccount(
            workspace_id=context.workspace_id,
            id=account_id(context.workspace_id, vendor),
            vendor=vendor,
            created_by=by,
            created_at=context.clock.now(),
        )
    if key is not None:
        row.key_sealed = context.sealer.seal(key, context=f"vendor_account|key|{row.id}") if key else ""
    row.options, row.credit_micros = dict(options), credit_micros
    row.enabled, row.refused_at, row.refusal = True, None, ""
    _save(session, context, row, "vendor.added" if made else "vendor.changed", by)
    return row


def switch(session: Session, context: AgentContext, vendor: str, *, on: bool, by: str) -> VendorAccount:
    """Off, nobody asks it, keyless or not. Raises NotFound, and Rejected where a key is missing to switch it on."""
    spec, row = spec_of(context, vendor), _row(session, vendor)
    if row is None:
        if on and spec.key_help:
            raise Rejected(f"{spec.label} needs its {spec.key_help} first.", hint=f"It is shown at {spec.docs}")
        row = VendorAccount(
            workspace_id=context.workspace_id,
            id=account_id(context.workspace_id, vendor),
            vendor=vendor,
            created_by=by,
            created_at=context.clock.now(),
        )
    if row.enabled is not on or row.refused_at is not None:
        row.enabled, row.refused_at, row.refusal = on, None, ""
    _save(session, context, row, "vendor.switched_on" if on else "vendor.switched_off", by)
    return row


def remove(session: Session, context: AgentContext, vendor: str, *, by: str) -> None:
    """Forgets key and options; what was bought stays. Raises NotFound where there is no account."""
    spec_of(context, vendor)
    row = _row(session, vendor)
    if row is None:
        raise NotFound(f"There is no account at {vendor}.")
    _audit(session, context, row, "vendor.removed", by)
    session.delete(row)
    session.flush()


def _check(spec: VendorSpec, key: str | None, options: Mapping[str, str], credit_micros: int, *, has_key: bool) -> None:
    if spec.key_help and not key and not (key is None and has_key):
        raise Rejected(f"{spec.label} needs its {spec.key_help}.", hint=f"It is shown at {spec.docs}")
    if key is not None and (len(key) > MAX_KEY or any(character < " " for character in key)):
        raise Rejected("This is no key: it is too long, or holds a line end.", hint="Paste the key alone.")
    names = {option.name for option in spec.options}
    if unknown := sorted(set(options) - names):
        known = ", ".join(sorted(names)) or "none"
        raise Rejected(f"{spec.label} knows no option {', '.join(unknown)[:80]}.", hint=f"Its options: {known}.")
    for option in spec.options:
        value = options.get(option.name, "")
        if option.needed and not value:
            raise Rejected(f"{spec.label} needs {option.name}: {option.help}.")
        if len(value) > _MAX_OPTION or any(character < " " for character in value):
            raise Rejected(f"The option {option.name} is too long, or holds a line end.")
    if credit_micros < 0:
        raise Rejected("A price is 0 or more.")


def _row(session: Session, vendor: str) -> VendorAccount | None:
    return session.exec(select(VendorAccount).where(VendorAccount.vendor == vendor)).one_or_none()


def _save(session: Session, context: AgentContext, row: VendorAccount, action: str, by: str) -> None:
    session.add(row)
    session.flush()
    _audit(session, context, row, action, by)


def _audit(session: Session, context: AgentContext, row: VendorAccount, action: str, by: str) -> None:
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=by,
        action=action,
        subject_kind="vendor_account",
        subject_id=row.id,
        details={"vendor": row.vendor},
    )
