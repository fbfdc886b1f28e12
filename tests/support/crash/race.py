"""People opt out while the dispatcher sends to them: what must not have left, and did."""

import random
import threading
from uuid import UUID

from sqlmodel import select

from agents import attention
from agents.never_again import never_again
from store.models import Contact, OutboxItem
from tests.support.crash.office import Office, unsubscribe
from workers.dispatcher import Dispatcher


def race(office: Office, sent_to: list[str], *, seed: int) -> tuple[int, set[str]]:
    """Everybody opts out, in a random order, while a mail to everybody leaves.

    (how many said no before their mail was started, those of them to whom `sent_to`, the transport's list, says
    that it left all the same). Whether it was started is read in the very transaction of the opt-out.
    """
    people, in_time = list(office.people), set[str]()
    random.Random(seed).shuffle(people)
    go = threading.Event()

    def opt_out() -> None:
        go.wait()
        for person in people:
            if not _started(office, person.contact_id):
                in_time.add(person.address)

    thread = threading.Thread(target=opt_out, name="opt-out")
    thread.start()
    go.set()
    while Dispatcher(unsubscribe, "worker:1", batch=10).run(office.context, limit=10) or thread.is_alive():
        thread.join(0.001)  # SQLite's lock is nobody's in turn: who asks again at once keeps all others out
    thread.join()
    return len(in_time), in_time & set(sent_to)


def _started(office: Office, contact_id: UUID) -> bool:
    """After this transaction the person is suppressed."""
    context = office.context
    with context.database.write(context.workspace_id) as session:
        contact = session.get_one(Contact, (context.workspace_id, contact_id))
        never_again(session, context, contact, reason=attention.OPT_OUT, source="page", except_for=None)
        session.flush()
        query = select(OutboxItem.started_at, OutboxItem.sent_at).where(
            OutboxItem.contact_id == contact_id, OutboxItem.kind == "mail"
        )
        return any(at is not None for row in session.exec(query) for at in row)
