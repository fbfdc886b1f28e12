"""A telephony vendor on the other side of a wire: keeps what it took, and says what it is told to say.

Its `taken` is the outside ledger: what is in it left, whatever our own rows say.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from agents.by_phone import queueing
from agents.context import AgentContext
from agents.policy import ActionClass, Autonomy, Policy, load_policy, set_policy
from core.ids import stable_id
from store.models import Contact, InboundEndpoint, Task, TelephonyAccount
from store.queries import inbound, legal_bases, outbox, telephony
from store.queries.legal_bases import NewBasis
from tests.support.crash.office import Office
from tools.ports import LookupResult, SendOutcome, SendResult
from tools.ports.telephony import CallOut, Found, Lost, TextOut
from tools.webhooks.path_token import new_token

US, THEIRS, REP = "+12025550100", "+12125550123", "+12025550177"
TOKEN = "0123456789abcdef0123456789abcdef"
BODY = "Hello Ann, a word about invoices."


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours catches it."""


@dataclass
class Exchange:
    name: str = "exchange"
    answers: list[SendResult | BaseException] = field(default_factory=list)  # then yes
    taken: list[TextOut | CallOut] = field(default_factory=list)
    takes_unanswered: bool = True  # where the answer is lost or we die: whether it had taken it
    lookups: list[Found | Exception] = field(default_factory=list)  # then what is true
    on_send: Callable[[], None] | None = None
    asked: int = 0

    def send_text(self, text: TextOut) -> SendResult:
        return self._take(text)

    def place_call(self, call: CallOut) -> SendResult:
        return self._take(call)

    def find_text(self, lost: Lost) -> Found:
        return self._find([one for one in self.taken if isinstance(one, TextOut) and one.body == lost.body])

    def find_call(self, lost: Lost) -> Found:
        return self._find([one for one in self.taken if isinstance(one, CallOut) and one.rep == lost.recipient])

    def problem(self) -> str:
        return ""

    def _find(self, rows: list[TextOut] | list[CallOut]) -> Found:
        self.asked += 1
        if self.lookups:
            given = self.lookups.pop(0)
            if isinstance(given, Exception):
                raise given
            return given
        return Found(LookupResult.FOUND, "SMfound") if rows else Found(LookupResult.NOT_FOUND)

    def _take(self, one: TextOut | CallOut) -> SendResult:
        if self.on_send is not None:
            self.on_send()
        given = self.answers.pop(0) if self.answers else None
        if given is None or (isinstance(given, SendResult) and given.outcome is SendOutcome.SENT):
            self.taken.append(one)
            return given or SendResult(SendOutcome.SENT, "taken", "201", provider_id=f"SM{len(self.taken):032d}")
        lost = isinstance(given, BaseException) or given.outcome is SendOutcome.UNKNOWN
        if lost and self.takes_unanswered:
            self.taken.append(one)
        if isinstance(given, BaseException):
            raise given
        return given


def with_exchange(context: AgentContext, exchange: Exchange) -> AgentContext:
    return replace(context, tools=replace(context.tools, telephony=lambda _: exchange))


@dataclass(frozen=True)
class PhoneOffice:
    """An office whose first person may be texted, and everything that this takes."""

    office: Office
    context: AgentContext
    exchange: Exchange
    account_id: UUID
    token: str

    @property
    def person(self):  # type: ignore[no-untyped-def]
        return self.office.people[0]

    def task(self, kind: str = "sms", number: int = 0, key: str = "", body: str = BODY) -> UUID:
        """A rep's task, as a step of a sequence makes it."""
        context, lead_id = self.context, self.office.people[number].lead_id
        source_key = key or f"touch:{kind}:{lead_id}"
        task_id = stable_id("task", context.workspace_id, source_key)
        with context.database.write(context.workspace_id) as session:
            session.add(
                Task(
                    workspace_id=context.workspace_id,
                    id=task_id,
                    source_key=source_key,
                    subject_kind="lead",
                    subject_id=lead_id,
                    kind=kind,
                    title="Text them",
                    script_sealed=context.sealer.seal(body, context=f"task|script|{task_id}"),
                    due_at=context.clock.now(),
                    created_at=context.clock.now(),
                )
            )
        return task_id

    def queue(
        self, task_id: UUID, kind: str = outbox.TEXT, user_id: UUID | None = None, body: str | None = None
    ) -> UUID:
        """As a rep's key does it: what they saw is what they say yes to."""
        context = self.context
        with context.database.write(context.workspace_id) as session:
            task = session.get(Task, (context.workspace_id, task_id), with_for_update=True)
            assert task is not None
            planned = queueing.plan(session, context, task, kind, user_id=user_id, body=body)
            return queueing.queue(
                session, context, task, kind, expected=planned.digest, actor="user:ann", user_id=user_id, body=body
            )

    def allow(self, **values: object) -> None:
        context = self.context
        with context.database.write(context.workspace_id) as session:
            current: Policy = load_policy(session)
            set_policy(session, context.clock, context.ids, current.model_copy(update=values), by="user:admin")

    def set_phone(self, text: str, number: int = 0, country: str | None = None) -> None:
        context = self.context
        with context.database.write(context.workspace_id) as session:
            contact = session.get(Contact, (context.workspace_id, self.office.people[number].contact_id))
            assert contact is not None
            contact.phone_sealed = context.sealer.seal(text, context=f"contact|phone|{contact.id}")
            if country is not None:
                contact.country = country
            session.add(contact)

    def consent(self, channel: str = "sms", number: int = 0, basis: str = "consent", evidence: str = "form 7") -> None:
        context = self.context
        new = NewBasis(
            self.office.people[number].contact_id,
            basis,
            evidence,
            datetime(2026, 1, 1, tzinfo=UTC),
            "user:ann",
            channel=channel,
        )
        with context.database.write(context.workspace_id) as session:
            legal_bases.record(session, context.clock, context.sealer, [new])


def open_phones(office: Office, exchange: Exchange | None = None, *, cost_micros: int = 0) -> PhoneOffice:
    exchange = exchange or Exchange()
    context = with_exchange(office.context, exchange)
    account_id, endpoint_id, token = context.ids.new(), context.ids.new(), new_token(context.workspace_id)
    sealer, now = context.sealer, context.clock.now()
    with context.database.write(context.workspace_id) as session:
        session.add(
            InboundEndpoint(
                workspace_id=context.workspace_id,
                id=endpoint_id,
                vendor="twilio",
                token_hash=inbound.token_hash(token),
                token_sealed=sealer.seal(token, context=inbound.token_under(endpoint_id)),
                secret_sealed=sealer.seal(TOKEN, context=inbound.secret_under(endpoint_id)),
                created_by="user:admin",
                created_at=now,
            )
        )
        session.add(
            TelephonyAccount(
                workspace_id=context.workspace_id,
                id=account_id,
                name="Main",
                account_sid="AC" + "a" * 32,
                secret_sealed=sealer.seal(TOKEN, context=telephony.secret_under(account_id)),
                sender=US,
                endpoint_id=endpoint_id,
                text_cost_micros=cost_micros,
                call_cost_micros=cost_micros,
                created_by="user:admin",
                created_at=now - timedelta(days=1),
            )
        )
    phones = PhoneOffice(office, context, exchange, account_id, token)
    with context.database.read(context.workspace_id) as session:
        autonomy = dict(load_policy(session).autonomy)
    phones.allow(autonomy={**autonomy, ActionClass.TEXT_MESSAGE: Autonomy.APPROVE, ActionClass.CALL: Autonomy.APPROVE})
    phones.set_phone(THEIRS)
    return phones
