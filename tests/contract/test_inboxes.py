"""What holds of every inbox that a service gives by its API, however it is read and whatever the service forgets."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract import test_gmail, test_graph_mail
from tests.support.vendors import FakeVendor
from tools.ports import Inbox, Unknown


@dataclass(frozen=True)
class Service:
    mailbox: Callable[[int], Any]  # the service's side; (mails of a page)
    inbox: Callable[[Any], tuple[FakeVendor, Inbox]]
    forgets: Callable[[Any], None]  # from here on the place where reading stood is unknown


def _gmail_forgets(mailbox: test_gmail.Mailbox) -> None:
    mailbox.kept = len(mailbox.mails)


def _graph_forgets(mailbox: test_graph_mail.Mailbox) -> None:
    mailbox.known_from = len(mailbox.mails)


SERVICES = {
    "gmail": Service(lambda page: test_gmail.Mailbox(page=page), test_gmail.inbox, _gmail_forgets),
    "graph": Service(lambda page: test_graph_mail.Mailbox(page=page), test_graph_mail.inbox, _graph_forgets),
}
Happens = list[str | int]


@pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))
@settings(max_examples=100, deadline=None)
@given(
    happens=st.lists(st.one_of(st.just("arrives"), st.just("forgotten"), st.integers(1, 4)), max_size=30),
    pages=st.integers(1, 4),
)
def test_no_mail_is_lost_however_it_is_read(service: Service, happens: Happens, pages: int) -> None:
    """An integer: so many are read. Each mail comes; and once, where the service forgets nothing."""
    mailbox = service.mailbox(pages)
    vendor, reader = service.inbox(mailbox)
    cursor: str | None = None
    got: list[str] = []

    def fetch(limit: int) -> int:
        nonlocal cursor
        page = reader.fetch(cursor, limit)
        assert not isinstance(page, Unknown), page
        assert len(page) <= limit
        got.extend(mail.raw.split(b"\r\n")[0].decode().removeprefix("Subject: ") for mail in page)
        cursor = page[-1].uid if page else cursor
        return len(page)

    for n, event in enumerate(happens):
        vendor.clock.advance(timedelta(hours=1))
        if event == "arrives":
            mailbox.arrive(f"m{n}", vendor.clock.now())
        elif event == "forgotten":
            service.forgets(mailbox)
        else:
            fetch(int(event))
    while fetch(3):
        pass
    assert set(got) == {mail[0] for mail in mailbox.mails}
    if "forgotten" not in happens:
        assert len(got) == len(mailbox.mails)
