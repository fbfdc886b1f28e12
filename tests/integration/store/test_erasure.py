"""A person who asked to be forgotten is gone from rows and files, and still never written to."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from core.clock import VirtualClock
from core.crypto import MasterKeys, Sealer
from core.errors import NotFound
from core.ids import SystemIds
from store import erasure, models, vault
from store.models import (
    Alert,
    Approval,
    Company,
    Contact,
    CrmActivityRow,
    Draft,
    EditRule,
    EngagementEvent,
    Enrollment,
    Fact,
    FieldEdit,
    Finding,
    Hold,
    Icp,
    IcpVersion,
    IdempotencyRecord,
    InboundEvent,
    Lead,
    Meeting,
    Message,
    OutboxItem,
    OutboxState,
    RowProblemRow,
    ScoreRow,
    Suppression,
    Task,
    ThreadTrigger,
    Touch,
    Transcript,
    Workspace,
)
from store.models.meetings import CalendarBucket
from store.queries import exports, facts, suppression, timeline
from store.queries.companies import CompanyInput, upsert_companies
from store.queries.people import ContactInput, upsert_contacts
from store.session import Database

NAME, EMAIL = "Canary Birdsong", "canary.birdsong@acme.example"

# Tables with personal columns, and why erasing a contact does not touch them.
NOT_OF_A_CONTACT = {
    "mailbox": "a rep's own password",
    "user_account": "a colleague's second factor",
    "sso_connection": "our own secret at the identity provider",
    "webhook_endpoint": "our own secret",
    "inbound_endpoint": "our own address and a vendor's key",
    "vendor_account": "our own key at a vendor",
    "sending_domain": "our own key",
    "notice_channel": "our own key at a team's chat",
    "calendar_connection": "a colleague's own account",
    "inbox_subscription": "our own address and word at a service",
    "seed_address": "our own password at a provider",
    "placement_test": "our own words to our own addresses: a template's, or a person's for this test",
    "telephony_account": "our own key at a vendor",
    "room_setting": "our own key at a vendor",
    "rep_phone": "a colleague's own phone",
    "edit_rule": "words of a template and what replaces them: looked through below",
}
KEPT = {
    "NoticeGiven": "the proof of a duty done: ids, which name nobody once the contact is a tombstone",
}


@dataclass
class Person:
    contact_id: UUID
    lead_id: UUID
    company_id: UUID


def plant(session: Session, clock: VirtualClock, ids: SystemIds, sealer: Sealer, workspace_id: UUID) -> Person:
    """One person with a row in every table that may hold something of theirs."""
    inputs = [CompanyInput(name="Acme", name_key="acme", domain="acme.example", source="s")]
    (company_id,) = upsert_companies(session, clock, inputs).ids
    contacts = [
        ContactInput(company_id, NAME, NAME.lower(), "s", EMAIL, phone="+1 555 0100", title="CTO"),
        ContactInput(company_id, "Other Person", "other person", "s", "other@acme.example"),
    ]
    contact_id, other_id = upsert_contacts(session, clock, ids, sealer, contacts).ids
    assert contact_id
    assert other_id
    now = clock.now()

    def add(model: type[SQLModel], **values: object) -> UUID:
        row_id = values.setdefault("id", ids.new())
        table = str(model.__tablename__)
        for column in [name for name in values if name.endswith("_sealed")]:
            context = f"{table}|{column.removesuffix('_sealed')}|{row_id}"
            values[column] = sealer.seal(str(values[column]), context=context)
        session.add(model(workspace_id=workspace_id, **values))
        session.flush()
        return row_id  # type: ignore[return-value]

    icp = add(Icp, name="I", created_at=now)
    version = add(IcpVersion, icp_id=icp, number=1, created_at=now)
    lead_id = add(
        Lead,
        icp_id=icp,
        icp_version_id=version,
        run_id=uuid4(),
        contact_id=contact_id,
        company_id=company_id,
        hooks=[{"why": NAME}],
        created_at=now,
        updated_at=now,
    )
    mailbox = uuid4()
    enrollment = add(Enrollment, lead_id=lead_id, sequence="s1", mailbox_id=mailbox, created_at=now)
    add(Touch, enrollment_id=enrollment, lead_id=lead_id, number=1, channel="mail", due_at=now)
    draft = add(
        Draft,
        thread_key="t",
        kind="first_mail",
        lead_id=lead_id,
        contact_id=contact_id,
        mailbox_id=mailbox,
        recipient_sealed=EMAIL,
        subject_sealed=f"Hello {NAME}",
        body_sealed=f"Dear {NAME}",
        policy_number=0,
        content_hash="h",
        message_id="<m@x>",
        created_at=now + timedelta(minutes=1),
    )
    add(Approval, draft_id=draft, lead_id=lead_id, content_hash="h", reason=NAME, created_at=now)
    add(
        FieldEdit,
        subject_kind="contact",
        subject_id=contact_id,
        company_id=company_id,
        field="name",
        before_sealed="P. Weber",
        after_sealed=NAME,
        by="user:1",
        at=now,
    )
    add(IdempotencyRecord, request_hash="h", status=200, body_sealed=f'{{"name": "{NAME}"}}', created_at=now)
    for state in (OutboxState.READY, OutboxState.SENT):
        add(
            OutboxItem,
            key=f"mail:{state}",
            kind="mail",
            subject_kind="lead",
            subject_id=lead_id,
            draft_id=draft,
            contact_id=contact_id,
            payload_sealed=EMAIL,
            mime_sealed=f"To: {EMAIL}",
            message_id="<m@x>",
            state=state,
            not_before=now,
            created_at=now,
        )
    add(
        Message,
        direction="in",
        source_key="inbox:1",
        lead_id=lead_id,
        contact_id=contact_id,
        subject_sealed=f"Re {NAME}",
        body_sealed=f"I am {NAME}",
        reading={"quote": NAME},
        at=now + timedelta(minutes=2),
    )
    add(
        InboundEvent,
        vendor="ses",
        dedupe_key="1",
        raw_sealed=f"to {EMAIL}",
        person_index=sealer.blind_index("email", EMAIL),
        due_at=now,
        occurred_at=now,
        received_at=now,
    )
    add(
        EngagementEvent,
        contact_id=contact_id,
        lead_id=lead_id,
        kind="click",
        actor="human",
        rule="r",
        source_key="e",
        raw={"to": EMAIL},
        occurred_at=now + timedelta(minutes=3),
    )
    meeting = add(
        Meeting,
        lead_id=lead_id,
        contact_id=contact_id,
        company_id=company_id,
        user_id=uuid4(),
        purpose_key="p",
        notes_sealed=f"Met {NAME}",
        created_at=now + timedelta(minutes=4),
    )
    transcript = add(
        Transcript,
        meeting_id=meeting,
        contact_id=contact_id,
        company_id=company_id,
        content_index="c",
        format="text",
        turns_sealed=f'[["{NAME}", "I am {NAME}"]]',
        sides_sealed=f'{{"{NAME}": "prospect"}}',
        created_by="user:1",
        created_at=now,
    )
    add(
        Finding,
        transcript_id=transcript,
        meeting_id=meeting,
        contact_id=contact_id,
        kind="need",
        side="prospect",
        who="prospect",
        words_sealed=f'{{"speaker": "{NAME}"}}',
        turn=0,
        line=1,
        created_at=now,
    )
    hold = add(
        Hold, meeting_id=meeting, user_id=uuid4(), starts_at=now, ends_at=now + timedelta(hours=1), expires_at=now
    )
    add(CalendarBucket, bucket_at=now, hold_id=hold)
    add(
        Task,
        source_key="t",
        subject_kind="lead",
        subject_id=lead_id,
        kind="call",
        title="Call",
        script_sealed=f"Hi {NAME}",
        outcome=NAME,
        due_at=now,
        created_at=now + timedelta(minutes=5),
    )
    add(
        CrmActivityRow,
        key="crm:1",
        record_kind="contact",
        record_id=contact_id,
        kind="email_sent",
        summary_sealed=f"=Mail to {NAME}",
        fields={"to": EMAIL},
        occurred_at=now,
        written_at=now,
    )
    add(RowProblemRow, batch_id=uuid4(), line=1, reason="bad", excerpt_sealed=f"x;{EMAIL.upper()};y")
    add(RowProblemRow, batch_id=uuid4(), line=2, reason="bad", excerpt_sealed="x;somebody@else.example")
    add(
        Fact,
        subject_kind="contact",
        subject_id=contact_id,
        field="bio",
        value=NAME,
        value_key="k",
        source="s",
        observed_at=now,
    )
    add(
        ScoreRow,
        subject_kind="lead",
        subject_id=lead_id,
        kind="authority",
        reasons=[{"why": NAME}],
        model_version="1",
        as_of=now,
    )
    add(
        ThreadTrigger,
        key="k",
        subject_kind="lead",
        subject_id=lead_id,
        kind="touch_due",
        due_at=now,
        last_error=NAME,
        created_at=now,
    )
    return Person(contact_id, lead_id, company_id)


@pytest.fixture
def planted(database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds, sealer: Sealer) -> Person:
    with database.write(workspace_id) as session:
        return plant(session, clock, ids, sealer, workspace_id)


def test_nothing_of_the_person_is_left_in_any_row(
    database: Database, workspace_id: UUID, clock: VirtualClock, sealer: Sealer, planted: Person
) -> None:
    with database.write(workspace_id) as session:
        erased = erasure.erase_contact(session, clock, sealer, planted.contact_id)
    assert {"contact", "draft", "outbox_item", "message", "task", "crm_activity", "row_problem"} <= set(erased.rows)
    assert all(erased.rows[table] for table in ("contact", "draft", "message", "fact", "score", "row_problem"))
    assert erased.message_ids == ["<m@x>", "<m@x>"]
    left = list(_everything(database, workspace_id, sealer))
    assert len(left) > 20
    assert [text for text in left if any(word in text.lower() for word in ("canary", "birdsong", "0100"))] == []
    assert any("somebody@else.example" in text for text in left)  # other people stay
    assert any("Other Person" in text for text in left)


def test_a_colleagues_transcript_in_which_they_spoke_goes_with_what_was_made_of_it(
    database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds, sealer: Sealer, planted: Person
) -> None:
    """The meeting was with somebody else of the company; who knows which other words in it are theirs."""
    now = clock.now()
    with database.write(workspace_id) as session:
        other = session.exec(select(Contact.id).where(Contact.id != planted.contact_id)).one()
        lead = session.exec(select(Lead).where(Lead.id == planted.lead_id)).one()
        theirs = Lead(**{**lead.model_dump(), "id": ids.new(), "contact_id": other})
        session.add(theirs)
        session.flush()
        kept = {"workspace_id": workspace_id, "contact_id": other}
        meeting_id, common = ids.new(), {**kept, "company_id": planted.company_id, "created_at": now}
        session.add(Meeting(id=meeting_id, lead_id=theirs.id, user_id=uuid4(), purpose_key="q", **common))
        session.flush()
        for said in (f"{NAME.split()[0]}: hello", "Somebody: hello"):
            row_id, more = ids.new(), {**common, "content_index": said, "format": "text", "created_by": "user:1"}
            sealed = sealer.seal(said, context=f"transcript|turns|{row_id}")
            session.add(Transcript(id=row_id, meeting_id=meeting_id, turns_sealed=sealed, **more))
        session.flush()
        erasure.erase_contact(session, clock, sealer, planted.contact_id)
    with database.read(workspace_id) as session:
        rows = session.exec(select(Transcript).where(Transcript.meeting_id == meeting_id)).all()
        left = [row.turns_sealed is not None for row in sorted(rows, key=lambda row: row.content_index)]
    assert left == [False, True]


def test_waiting_work_stops_and_sent_work_stays_sent(
    database: Database, workspace_id: UUID, clock: VirtualClock, sealer: Sealer, planted: Person
) -> None:
    with database.write(workspace_id) as session:
        erasure.erase_contact(session, clock, sealer, planted.contact_id)
    with database.read(workspace_id) as session:
        states = session.exec(select(OutboxItem.state).order_by(col(OutboxItem.key))).all()
        assert [state.value for state in states] == ["cancelled", "sent"]
        assert session.exec(select(Draft.state)).one().value == "void"
        assert session.exec(select(Approval.state)).one().value == "void"
        assert session.exec(select(Touch.state)).one().value == "cancelled"
        assert session.exec(select(Lead.stage)).one().value == "stopped"
        assert session.exec(select(Meeting.state)).one().value == "cancelled"
        assert session.exec(select(CalendarBucket.hold_id)).all() == []
        assert session.exec(select(ThreadTrigger.done_at)).one() is not None


def test_they_are_never_written_to_nor_imported_again(
    database: Database, workspace_id: UUID, clock: VirtualClock, ids: SystemIds, sealer: Sealer, planted: Person
) -> None:
    with database.write(workspace_id) as session:
        suppression.suppress(session, clock, sealer, address=EMAIL, reason="opt_out")
        erasure.erase_contact(session, clock, sealer, planted.contact_id)
        keys = session.exec(select(sa.func.count()).select_from(Suppression)).one()
        erasure.erase_contact(session, clock, sealer, planted.contact_id)  # again: nothing more
        assert session.exec(select(sa.func.count()).select_from(Suppression)).one() == keys
        assert suppression.is_suppressed(session, sealer, EMAIL)
        again = [
            ContactInput(planted.company_id, "C. B.", "c. b.", "s", EMAIL),
            ContactInput(planted.company_id, NAME, NAME.lower(), "s"),
        ]
        assert upsert_contacts(session, clock, ids, sealer, again).ids == [None, None]


def test_what_is_said_of_their_company_no_longer_names_them(
    database: Database, workspace_id: UUID, clock: VirtualClock, sealer: Sealer, planted: Person
) -> None:
    """A fact or signal that names them goes whole; elsewhere the words go and the rest stays; the company keeps what
    other facts say."""

    def fact(field: str, value: object, quote: str, source: str = "s") -> facts.FactInput:
        return facts.FactInput("company", planted.company_id, field, value, source, "page", clock.now(), 0.9, quote)

    with database.write(workspace_id) as session:
        said = [
            fact("description", f"Led by {NAME.upper()}", "", "site"),
            fact("description", "Makes anvils", "We make anvils.", "list"),
            fact("employees", 90, "Write to Canary.Birdsong@acme.example."),
            fact("people", ["Birdsong, Canary"], ""),
            fact("industry", "Anvils", "A canary, a birdsong and an anvil."),  # the words, but not the name
        ]
        facts.add_facts(session, said)
        facts.apply_winners(session, clock, [planted.company_id])
        alert = Alert(
            workspace_id=workspace_id,
            id=uuid4(),
            source_key="a",
            subject_kind="company",
            subject_id=planted.company_id,
            level="info",
            text=f"Acme hired {NAME.split()[0]}\t{NAME.split()[1]} today.",
            created_at=clock.now(),
        )
        session.add(alert)
    with database.write(workspace_id) as session:
        erased = erasure.erase_contact(session, clock, sealer, planted.contact_id)
    assert erased.rows["fact"] == 4  # one of the contact, three of the company
    with database.read(workspace_id) as session:
        about = select(Fact.field).where(Fact.subject_id == planted.company_id).order_by(col(Fact.field))
        assert list(session.exec(about)) == ["description", "industry"]
        company = session.exec(select(Company).where(Company.id == planted.company_id)).one()
        assert (company.description, company.industry) == ("Makes anvils", "Anvils")
        assert session.exec(select(Alert.text)).one() == "Acme hired [erased] today."


def test_an_unknown_contact_is_not_found(
    database: Database, workspace_id: UUID, clock: VirtualClock, sealer: Sealer
) -> None:
    with pytest.raises(NotFound), database.write(workspace_id) as session:
        erasure.erase_contact(session, clock, sealer, uuid4())


def test_nothing_is_left_in_the_files(
    fresh_sqlite: Database, clock: VirtualClock, ids: SystemIds, master_keys: MasterKeys
) -> None:
    """Neither the words nor what they were sealed into: whoever later gets a key finds nothing to open."""
    workspace_id = uuid4()
    with fresh_sqlite.unscoped(writes=True) as session:
        session.add(Workspace(id=workspace_id, slug="w", name="W", created_at=clock.now()))
    sealer = vault.sealer_for(fresh_sqlite, workspace_id, master_keys, clock)
    with fresh_sqlite.write(workspace_id) as session:
        person = plant(session, clock, ids, sealer, workspace_id)
    with fresh_sqlite.read(workspace_id) as session:
        contact = session.exec(select(Contact).where(Contact.id == person.contact_id)).one()
        draft = session.exec(select(Draft)).one()
        canaries = [contact.email_sealed, contact.name_sealed, draft.body_sealed, NAME, EMAIL]
    folder = Path(sa.make_url(fresh_sqlite.url).database or "").parent
    assert _hits(folder, canaries) > 0
    with fresh_sqlite.write(workspace_id) as session:
        erasure.erase_contact(session, clock, sealer, person.contact_id)
    assert "rewritten" in erasure.scrub_files(fresh_sqlite)
    assert _hits(folder, canaries) == 0
    with fresh_sqlite.read(workspace_id) as session:
        assert suppression.is_suppressed(session, sealer, EMAIL)


def test_every_personal_column_is_covered() -> None:
    """A new table with a personal column must be named in store/erasure.py, or here with a reason."""
    source = Path(erasure.__file__).read_text(encoding="utf-8")
    missing = [
        f"{model.__name__}.{column}"
        for model, column in vault.sealed_columns()
        if str(model.__tablename__) not in NOT_OF_A_CONTACT
        and f"{column}=" not in source
        and f'{column}"' not in source
    ]
    assert missing == []
    with_contact = {
        name
        for name in models.__all__
        if isinstance(model := getattr(models, name), type) and "contact_id" in getattr(model, "model_fields", {})
    }
    assert {name for name in with_contact if f"m.{name}" not in source} == set(KEPT)


def test_a_rule_that_learned_a_name_is_forgotten_with_the_person(
    database: Database, workspace_id: UUID, sealer: Sealer, clock: VirtualClock, planted: Person
) -> None:
    first = NAME.split()[0].lower()
    rules = {words: uuid4() for words in (f"ask {first} about it", "kind regards")}
    with database.write(workspace_id) as session:
        for words, rule_id in rules.items():
            sealed = sealer.seal(words, context=f"edit_rule|find|{rule_id}")
            session.add(
                EditRule(
                    workspace_id=workspace_id, id=rule_id, kind="tone", field="body", find_sealed=sealed,
                    decided_by="x", decided_at=clock.now(),
                )
            )  # fmt: skip
    with database.write(workspace_id) as session:
        assert erasure.erase_contact(session, clock, sealer, planted.contact_id).rows["edit_rule"] == 1
    with database.read(workspace_id) as session:
        assert session.exec(select(EditRule.id)).all() == [rules["kind regards"]]


def test_the_timeline_tells_it_newest_first_in_pages(
    database: Database, workspace_id: UUID, sealer: Sealer, planted: Person
) -> None:
    with database.read(workspace_id) as session:
        whole = timeline.of_lead(session, sealer, planted.lead_id)
        assert [item.kind for item in whole.items][:5] == ["task", "meeting", "event", "message", "draft"]
        assert {item.kind for item in whole.items} == {
            *("task", "meeting", "event", "message", "draft", "crm", "fact", "edit")
        }
        assert whole.next is None
        assert whole.items[4].text == f"Dear {NAME}"
        assert whole.items[3].text == f"I am {NAME}"
        company = timeline.of_company(session, sealer, planted.company_id).items
        assert [item for item in company if item.kind != "source"] == whole.items
        assert "source" in {item.kind for item in company}
        paged, after = [], None
        while True:
            page = timeline.of_lead(session, sealer, planted.lead_id, limit=2, after=after)
            paged += page.items
            if (after := page.next) is None:
                break
        assert paged == whole.items


def test_exports_open_what_is_sealed_and_disarm_formulas(
    database: Database, workspace_id: UUID, sealer: Sealer, planted: Person
) -> None:
    with database.read(workspace_id) as session:
        header, lead = exports.lead_rows(session, sealer)
        _, activity = exports.book_rows(session, sealer)
    row = dict(zip(header, lead, strict=True))
    assert (row["contact"], row["email"], row["phone"], row["tier"]) == (NAME, EMAIL, "'+1 555 0100", 4)
    assert activity[5] == f"'=Mail to {NAME}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=1+1", "'=1+1"),
        ('  "=1+1', "'  \"=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2", "'-2"),
        ("＝1", "'＝1"),
        ("\t=1", "'\t=1"),
        ("\rx", "'\rx"),
        ("\n=1", "'\n=1"),
        ("a\0=b", "a=b"),
        ("\0=b", "'=b"),
        ("plain", "plain"),
        (-5, -5),
        (0.5, 0.5),
        (None, ""),
        (True, "true"),
    ],
)
def test_cells(value: object, expected: object) -> None:
    assert exports.cell(value) == expected


def _everything(database: Database, workspace_id: UUID, sealer: Sealer) -> list[str]:
    """Every row of every table as text, personal columns opened."""
    sealed = {(str(model.__tablename__), column) for model, column in vault.sealed_columns()}
    texts = []
    with database.read(workspace_id) as session:
        for name in models.__all__:
            model = getattr(models, name)
            if not hasattr(model, "__tablename__") or name == "Workspace":
                continue
            for row in session.execute(sa.select(model)).scalars():
                parts = []
                for column, value in row.model_dump().items():
                    if (model.__tablename__, column) in sealed and value:
                        context = f"{model.__tablename__}|{column.removesuffix('_sealed')}|{row.id}"
                        value = sealer.open(value, context=context)
                    parts.append(str(value))
                texts.append(f"{name}: {' '.join(parts)}")
    return texts


def _hits(folder: Path, canaries: list[str | None]) -> int:
    files = [path.read_bytes() for path in folder.iterdir()]
    return sum(data.count(str(canary).encode()) for data in files for canary in canaries)
