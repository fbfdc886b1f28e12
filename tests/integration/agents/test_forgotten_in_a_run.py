"""Somebody is erased while a run is under way that vendors tell of them: nothing of them is left anywhere, nor later.

Looked through are every row (sealed columns opened), the bytes of the database's files, the checkpoints, what an
export gives, the log, and the caches of this process. Faked are the vendors alone.
"""

import gc
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import _lru_cache_wrapper
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from agents.intake import add_signals
from core.clock import VirtualClock
from core.ids import SystemIds
from graphs.checkpoints import open_checkpointer
from graphs.supervisor import build_supervisor
from graphs.threads import Threads
from graphs.wiring import NODES
from store import erasure, models, vault
from store.models import Company, Contact, Fact, Lead, SignalRow
from store.queries import exports, facts
from store.session import Database
from tests.support.committee_office import (
    CENT,
    CommitteeOffice,
    Emails,
    Finder,
    Verifier,
    committee_office,
    person,
)
from tests.support.crash.office import context_of
from tests.support.migrated import new_sqlite
from tools.ports import SignalRecord

NAME, EMAIL = "Zdenka Quillfeather", "zdenka.quillfeather@acme.example"
PHONE, PROFILE = "+49 89 5550147", "https://www.net.example/in/zdenka-q-77"
TRACES = ("zdenka", "quillfeather", "5550147", "zdenka-q-77")
OTHER = person("Grace Hopper", "Head of Sales", email="grace.hopper@acme.example")
GONE = person(NAME, "Chief Financial Officer", email=EMAIL, phone=PHONE, profile_url=PROFILE)


@pytest.fixture
def office(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[CommitteeOffice]:
    """On a database of its own, so that its files can be read."""
    caplog.set_level(logging.DEBUG)
    database, clock = Database(new_sqlite(tmp_path)), VirtualClock(datetime(2026, 6, 2, 14, tzinfo=UTC))
    context = context_of(database, uuid4(), clock, SystemIds(), lambda _: None, data_dir=tmp_path)  # type: ignore[arg-type, return-value]
    found = committee_office(context)
    found.allow()
    yield found
    database.close()


def erase(office: CommitteeOffice) -> None:
    context = office.context
    contact = office.people()[NAME]
    with context.database.write(context.workspace_id) as session:
        erasure.erase_contact(session, context.clock, context.sealer, contact.id)
    assert "rewritten" in erasure.scrub_files(context.database)


def say_it_of_the_company(office: CommitteeOffice) -> None:
    """What pages and news say: facts and signals of the company that name the person, and one that does not."""
    context, company_id = office.context, office.companies["acme.example"]
    now = context.clock.now()

    def fact(field: str, value: object, quote: str = "") -> facts.FactInput:
        return facts.FactInput(
            "company", company_id, field, value, "site", "page", now, 0.9, quote, "https://a.example"
        )

    with context.database.write(context.workspace_id) as session:
        facts.add_facts(
            session,
            [
                fact("people", {"cfo": NAME.upper()}),
                fact("employees", 80, f"“We are 80,” says {NAME}."),
                fact("description", f"Carrier founded by Quillfeather, {NAME.split()[0]}"),
                fact("industry", "Logistics", "We are carriers."),
            ],
        )
        facts.apply_winners(session, context.clock, [company_id])
        signals = [
            (
                company_id,
                SignalRecord("news", now, f"Acme names {NAME.replace(' ', chr(10))} CFO", "https://n.example"),
            ),
            (company_id, SignalRecord("hiring", now, "Account Executive", "https://j.example")),
        ]
        add_signals(session, context, signals, source="news")


@pytest.mark.parametrize("when", ["between the vendors", "after the leads"])
def test_nothing_is_left_and_nothing_comes_back(
    office: CommitteeOffice, caplog: pytest.LogCaptureFixture, when: str
) -> None:
    finder = Finder(price_micros=CENT, knows={"acme.example": [GONE, OTHER]})
    emails = Emails(knows={NAME: EMAIL})
    verifier = Verifier(there={EMAIL, "grace.hopper@acme.example"})
    office.with_tools([finder], [emails], [verifier])
    if when == "between the vendors":
        # Known from before; the run asks again, and while the finder answers, somebody presses the button.
        office.with_tools([Finder("free", knows={"acme.example": [GONE]})]).run("acme.example")
        say_it_of_the_company(office)
        office.with_tools([finder], [emails], [verifier])
        finder.after = lambda: erase(office)
        with open_checkpointer(office.context.settings) as saver:
            office.advance(Threads(build_supervisor(NODES, saver), saver), "acme.example")
        assert office.context.settings.checkpoint_path.stat().st_size > 0, "its bytes are looked through below"
        finder.after = lambda: None
        assert (len(finder.asked), EMAIL in verifier.asked) == (1, False)
    else:
        office.run("acme.example")
        say_it_of_the_company(office)
        assert office.leads() == {NAME, "Grace Hopper"}
        erase(office)
    nothing_left(office, caplog)
    assert office.leads() == {"Grace Hopper"}
    # What did not name them is still there.
    assert [fact.field for fact in office.rows(Fact)] == ["industry"]
    assert [signal.kind for signal in office.rows(SignalRow)] == ["hiring"]
    assert office.rows(Company)[0].industry == "Logistics"
    # The next run: the same vendors say the same, and three spellings more.
    asked = len(verifier.asked), len(emails.asked)
    finder.knows = {
        "acme.example": [
            GONE,
            OTHER,
            person("Quillfeather, Zdenka M.", "CFO"),
            person("Z. Quill", "CFO", profile_url="http://de.net.example/in/zdenka-q-77/"),
            person("Z. Q.", "CFO", email="Zdenka.Quillfeather+work@acme.example"),
        ]
    }
    office.context.clock.advance(timedelta(days=61))  # type: ignore[attr-defined]
    office.allow()
    office.run("acme.example")
    assert (len(verifier.asked), len(emails.asked)) == asked, "nobody is asked about them"
    assert set(office.people()) == {"Grace Hopper"}
    erasure.scrub_files(office.context.database)
    nothing_left(office, caplog)


def nothing_left(office: CommitteeOffice, caplog: pytest.LogCaptureFixture) -> None:
    assert hits(everything(office)) == []
    database = office.context.database
    folder = Path(sa.make_url(database.url).database or "").parent
    assert hits([path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()]) == []
    assert hits([record.getMessage() + str(record.__dict__) for record in caplog.records]) == []
    with database.read(office.context.workspace_id) as session:
        assert hits([str(row) for row in exports.lead_rows(session, office.context.sealer)]) == []
        assert hits([str(row) for row in exports.book_rows(session, office.context.sealer)]) == []
    assert hits(caches()) == []


def hits(texts: list[str]) -> list[str]:
    return [text[:200] for text in texts if any(trace in text.casefold() for trace in TRACES)]


def everything(office: CommitteeOffice) -> list[str]:
    """Every row of every table as text, sealed columns opened."""
    sealed = {(str(model.__tablename__), column) for model, column in vault.sealed_columns()}
    context, texts = office.context, []
    with context.database.read(context.workspace_id) as session:
        for name in models.__all__:
            model = getattr(models, name)
            if not hasattr(model, "__tablename__") or name == "Workspace":
                continue
            for row in session.execute(sa.select(model)).scalars():
                for column, value in row.model_dump().items():
                    if (model.__tablename__, column) in sealed and value:
                        where = f"{model.__tablename__}|{column.removesuffix('_sealed')}|{row.id}"
                        value = context.sealer.open(value, context=where)
                    texts.append(f"{name}.{column}: {value}")
    assert len(texts) > 100
    return texts


def caches() -> list[str]:
    """What functions with a cache hold, as far as Python shows it: their keys and values."""
    wrappers = [each for each in gc.get_objects() if isinstance(each, _lru_cache_wrapper)]
    assert wrappers
    held: list[str] = []
    for wrapper in wrappers:
        for each in gc.get_referents(wrapper):
            if isinstance(each, dict):
                held += [repr(key) + repr(value) for key, value in each.items()]
            elif type(each).__name__ == "_lru_list_elem":
                held += [repr(part) for part in gc.get_referents(each)]
    return held


def test_a_person_of_the_same_name_elsewhere_stays(office: CommitteeOffice) -> None:
    known = {"acme.example": [GONE], "other.example": [person(NAME, "CFO", email="zq@other.example")]}
    office.with_tools([Finder(knows=known)]).run("acme.example", "other.example")
    acme = next(c for c in office.rows(Contact) if c.company_id == office.companies["acme.example"])
    context = office.context
    with context.database.write(context.workspace_id) as session:
        erasure.erase_contact(session, context.clock, context.sealer, acme.id)
    assert office.people("other.example")[NAME].email_status == "valid"
    with context.database.read(context.workspace_id) as session:
        stages = session.exec(select(Lead.stage).where(col(Lead.contact_id) != acme.id)).all()
    assert [stage.value for stage in stages] == ["scored"]
