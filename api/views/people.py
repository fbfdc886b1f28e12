"""A person as this caller may see them: names and addresses are opened only for whoever has the right."""

from pydantic import BaseModel
from sqlmodel import Session, col, select

from api.dependencies import Principal
from api.permissions import Permission
from core.crypto import Sealer
from store.models import Contact, User


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


def person_of(contact: Contact, sealer: Sealer, principal: Principal) -> Person:
    hidden = not principal.may(Permission.PEOPLE)

    def opened(column: str) -> str | None:
        token = getattr(contact, f"{column}_sealed")
        return sealer.open(token, context=f"contact|{column}|{contact.id}") if token and not hidden else None

    return Person(
        name=opened("name"),
        email=opened("email"),
        title=contact.title,
        country=contact.country,
        time_zone=contact.time_zone,
        email_status=contact.email_status,
        hidden=hidden,
        erased=contact.erased_at is not None,
    )


def names_of_actors(session: Session) -> dict[str, str]:
    """ "user:<id>" → name, of this workspace's people."""
    return {
        f"user:{user_id}": name for user_id, name in session.exec(select(User.id, User.name).order_by(col(User.id)))
    }


def named(text: str, names: dict[str, str]) -> str:
    """A sentence that speaks of actors by id, with their names."""
    for actor, name in names.items():
        text = text.replace(actor, name)
    return text
