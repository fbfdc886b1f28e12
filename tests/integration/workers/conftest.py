"""A migrated store on both databases, and an office in it whose clock stands at ten on a Tuesday in New York."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from agents.context import AgentContext
from core.clock import VirtualClock
from core.ids import SystemIds
from store import migrations
from store.models import Mailbox
from store.session import Database
from tests.support.crash.office import Office, context_of, open_office
from tools.ports import Envelope, LookupResult, SendOutcome, SendResult

OK = SendResult(SendOutcome.SENT, "250 2.0.0 taken", "2.0.0")


@dataclass
class Post:
    """A transport that says what it is told to say, and remembers what it was given."""

    name: str = "post"
    answers: list[SendResult | Exception] = field(default_factory=list)  # then OK
    lookups: list[LookupResult | Exception] = field(default_factory=list)  # then UNSUPPORTED
    envelopes: list[Envelope] = field(default_factory=list)
    on_send: Callable[[], None] | None = None

    def send(self, envelope: Envelope) -> SendResult:
        self.envelopes.append(envelope)
        if self.on_send is not None:
            self.on_send()
        answer = self.answers.pop(0) if self.answers else OK
        if isinstance(answer, Exception):
            raise answer
        return answer

    def lookup(self, message_id: str) -> LookupResult:
        answer = self.lookups.pop(0) if self.lookups else LookupResult.UNSUPPORTED
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        return


@pytest.fixture(scope="session")
def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path_factory.mktemp('workers') / 'salesos.db'}"
    migrations.upgrade(url)
    database = Database(url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def postgres_store(postgres_url: str, postgres_app_role: Callable[[str], str]) -> Iterator[Database]:
    migrations.upgrade(postgres_url)
    database = Database(postgres_app_role(postgres_url), pool_size=8)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 6, 2, 14, tzinfo=UTC))


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def context(database: Database, clock: VirtualClock, post: Post, tmp_path: Path) -> AgentContext:
    workspace_id: UUID = uuid4()
    return context_of(database, workspace_id, clock, SystemIds(), lambda _: post, data_dir=tmp_path)


@pytest.fixture
def office(context: AgentContext) -> Office:
    return open_office(context, people=3)


@pytest.fixture
def mailbox(office: Office) -> Mailbox:
    found: Mailbox = office.get(Mailbox, office.mailbox_id)
    return found
