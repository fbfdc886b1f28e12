"""Setting what lets a mailbox in at a service by API: which names it takes, what is forgotten when the service changes,
and what is still missing. Nothing here asks the service.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.context import AgentContext
from core.errors import Rejected
from store.models import Mailbox
from store.queries import connections
from tools.mail.service import EXAMPLES, OF_THE_PERSON, SECRET, Service, fits, services_of


@dataclass(frozen=True, slots=True)
class Connected:
    changed: bool
    problem: str  # why nothing can be sent or read by it; "": it can, as far as is known here


def set_connection(row: Mailbox, context: AgentContext, given: Mapping[str, str], *, anew: bool = False) -> Connected:
    """`row` has its transport and inbox already. `given`: names with their values; "" takes one away; what is left out
    stays, unless it was another service's. `anew`: it is a new connection even where all is the same. Raises Rejected.
    """
    services = services_of(row.transport, row.inbox)
    person = _person(services)
    allowed = {name for service in services for name in service.names}
    for name, value in given.items():
        _check(name, value, allowed, services)
    before_clear, before_secret = dict(row.connection), connections.credentials(context.sealer, row)
    known = {**before_clear, **before_secret}
    if known.get("service", "") != (person.name if person else ""):
        known = {name: value for name, value in known.items() if name not in OF_THE_PERSON}
    if given.get("client_id", known.get("client_id", "")) != known.get("client_id", ""):
        known.pop("refresh_token", None)  # it was given to another application
    wanted = {**known, **given}
    wanted = {name: value for name, value in wanted.items() if value and name in allowed}
    for service in services:
        missing = [name for name in service.needed if name not in wanted]
        if missing:
            raise Rejected(
                f"{service.label} needs {_listed(missing)}.", hint="Each is shown in the service's own console."
            )
    if person is not None:
        wanted["service"] = person.name
    clear = {name: value for name, value in wanted.items() if name not in SECRET}
    secret = {name: value for name, value in wanted.items() if name in SECRET}
    changed = clear != before_clear or secret != before_secret
    if changed or anew:
        row.connection = clear
        row.credentials_sealed = connections.sealed(context.sealer, row.id, secret)
        row.connection_number += 1
        row.connected_at = context.clock.now() if services else None
    return Connected(changed, _problem(row, person, secret, changed=changed or anew))


def _problem(row: Mailbox, person: Service | None, secret: Mapping[str, str], *, changed: bool) -> str:
    if person is not None and "refresh_token" not in secret:
        return f"It is not connected with {person.label} yet. Connect it on its page."
    return "" if changed else row.connection_problem


def _person(services: tuple[Service, ...]) -> Service | None:
    found = [service for service in services if service.signs_in]
    if len(found) > 1:
        raise Rejected(
            "A mailbox signs in to one service: it cannot send through one and be read from the other.",
            hint="Choose Google or Microsoft for both.",
        )
    return found[0] if found else None


def _check(name: str, value: str, allowed: set[str], services: tuple[Service, ...]) -> None:
    if not value:
        return
    if name not in allowed:
        labels = " or ".join(service.label for service in services) or "A mailbox of folders or servers"
        raise Rejected(f"{labels} takes no {name.replace('_', ' ')}.", hint="Leave it out, or choose its transport.")
    if not fits(name, value):
        shape = f" It reads: {EXAMPLES[name]}." if name in EXAMPLES else ""
        raise Rejected(f"The {name.replace('_', ' ')} cannot be used.", hint=f"Copy it without spaces.{shape}")


def _listed(names: list[str]) -> str:
    words = [name.replace("_", " ") for name in names]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
