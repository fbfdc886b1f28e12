"""Who may do what: one table. API keys carry the same words as scopes."""

from enum import StrEnum
from typing import Final

from store.models import Role


class Permission(StrEnum):
    READ = "read"  # everything but personal data
    PEOPLE = "people:read"  # names, addresses, and the words of mails
    DECIDE = "approvals:decide"  # approve, edit, reject, undo
    ICPS = "icps:write"
    RUNS = "runs:write"
    WORK = "work:write"  # tasks done, how meetings went
    OUTBOX = "outbox:write"  # say whether a mail of unknown outcome arrived
    SUPPRESS = "suppressions:write"


_ALL: Final = frozenset(Permission)
_SELLS: Final = frozenset({Permission.READ, Permission.PEOPLE, Permission.DECIDE, Permission.WORK, Permission.SUPPRESS})

PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.ADMIN: _ALL,
    Role.SALES_OPS: _ALL,
    Role.MANAGER: _SELLS | {Permission.OUTBOX, Permission.RUNS},
    Role.REP: _SELLS,
    Role.CSM: _SELLS,
    Role.MARKETING: frozenset({Permission.READ, Permission.ICPS}),
    Role.EXECUTIVE: frozenset({Permission.READ}),
    Role.VIEWER: frozenset({Permission.READ}),
}
