"""Services that mail goes through by API: what each wants to know, what of it is secret, and how it is written.

A mailbox has at most one that it signs in to as a person (Google, Microsoft) and one that it sends through by keys
(Amazon SES, SendGrid): a Google inbox beside SES is common, Google's beside Microsoft's is none.
"""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    label: str  # as people know it
    transport: str = ""  # the mailbox's transport that goes through it
    inbox: str = ""
    needed: tuple[str, ...] = ()  # names that must be given
    optional: tuple[str, ...] = ()
    signs_in: bool = False  # a person lets us in (OAuth 2.0); what is kept is their refresh token

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.needed, *self.optional)


GOOGLE: Final = Service(
    "google", "Google", "gmail", "gmail", optional=("client_id", "client_secret", "refresh_token"), signs_in=True
)
MICROSOFT: Final = Service(
    "microsoft",
    "Microsoft",
    "graph",
    "graph",
    optional=("client_id", "client_secret", "refresh_token", "tenant"),
    signs_in=True,
)
SES: Final = Service(
    "ses",
    "Amazon SES",
    "ses",
    needed=("region", "access_key_id", "secret_access_key"),
    optional=("configuration_set",),
)
SENDGRID: Final = Service("sendgrid", "SendGrid", "sendgrid", needed=("api_key",), optional=("data_region",))

SERVICES: Final = (GOOGLE, MICROSOFT, SES, SENDGRID)
SECRET: Final = frozenset({"client_secret", "refresh_token", "access_key_id", "secret_access_key", "api_key"})
OF_THE_PERSON: Final = frozenset({"client_id", "client_secret", "refresh_token", "tenant"})  # of a service signed in to

# What becomes part of a host name, a path or a header.
SHAPES: Final = {
    "region": re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d"),
    "tenant": re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,98}[A-Za-z0-9])?"),
    "configuration_set": re.compile(r"[A-Za-z0-9_-]{1,64}"),
    "data_region": re.compile(r"global|eu"),
    "client_id": re.compile(r"[!-~]{1,255}"),
}
_SECRET_SHAPE: Final = re.compile(r"[!-~]{1,4096}")
EXAMPLES: Final = {
    "region": "eu-central-1",
    "tenant": "common, organizations, or the directory's id",
    "configuration_set": "letters, digits, _ and -",
    "data_region": "global or eu",
}


def services_of(transport: str, inbox: str) -> tuple[Service, ...]:
    return tuple(each for each in SERVICES if transport == each.transport or (bool(each.inbox) and inbox == each.inbox))


def signed_in_to(transport: str, inbox: str) -> Service | None:
    return next((each for each in services_of(transport, inbox) if each.signs_in), None)


def fits(name: str, value: str) -> bool:
    return bool(SHAPES.get(name, _SECRET_SHAPE).fullmatch(value))
