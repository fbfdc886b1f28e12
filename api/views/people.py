"""A person as this caller may see them: names and addresses are opened only for whoever has the right."""

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Session, col

from api.dependencies import Principal
from api.permissions import Permission
from core.crypto import Sealer
from store.models import User
from store.session import kept

_ACTORS: Final = kept(sa.select(col(User.id), col(User.name)).order_by(col(User.id)))


class Person(BaseModel):
    name: str | None = None
    email: str | None = None
    title: str = ""
    country: str = ""
    time_zone: str = ""
    email_status: str = "unknown"
    hidden: bool = False  # the caller may not see the name and the address
    erased: bool = False

    @property
    def label(self) -> str:
        if self.erased:
            return "Erased person"
        return self.name or self.email or ("Hidden" if self.hidden else "Unnamed person")


class PersonColumns(NamedTuple):
    """Of a contact's columns, those that a person is made of."""

    id: UUID
    name_sealed: str | None
    email_sealed: str | None
    title: str
    country: str
    time_zone: str
    email_status: str
    erased_at: datetime | None


PERSON_COLUMNS: Final = PersonColumns._fields


def person_of(contact: Any, sealer: Sealer, principal: Principal, *, email: str | None = None) -> Person:
    """`contact`: a Contact, or a row with PERSON_COLUMNS. `email`: theirs, where it was opened already."""
    hidden = not principal.may(Permission.PEOPLE)

    def opened(column: str, token: str | None) -> str | None:
        return sealer.open(token, context=f"contact|{column}|{contact.id}") if token and not hidden else None

    return Person(
        name=opened("name", contact.name_sealed),
        email=email if email is not None and not hidden else opened("email", contact.email_sealed),
        title=contact.title,
        country=contact.country,
        time_zone=contact.time_zone,
        email_status=contact.email_status,
        hidden=hidden,
        erased=contact.erased_at is not None,
    )


def names_of_actors(session: Session) -> dict[str, str]:
    """ "user:<id>" → name, of this workspace's people."""
    return {f"user:{user_id}": name for user_id, name in session.execute(_ACTORS)}


def named(text: str, names: dict[str, str]) -> str:
    """A sentence that speaks of actors by id, with their names."""
    if "user:" in text:
        for actor, name in names.items():
            text = text.replace(actor, name)
    return text
