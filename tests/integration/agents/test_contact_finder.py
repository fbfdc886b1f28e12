"""The contact finder: who is asked for whom and at what price, which addresses are used, and who stays forgotten.

Faked are the vendors alone; the store, the ledger, the checks and the rules are real.
"""

from datetime import timedelta

import pytest

from agents.contacts.addresses import CATCH_ALL, CATCH_ALL_ALLOWED, GUESSED, NO_MAIL, NOT_CONFIRMED
from agents.contacts.purse import CEILING, NO_MONEY, SWITCHED_OFF
from agents.contacts.seats import seats_of
from agents.context import AgentContext
from store import erasure
from store.ledger import By, provider_scope, totals
from store.models import Alert, Contact, FillRate, Purchase, PurchaseOutcome, ScoreRow
from store.queries import suppression
from tests.support.committee_office import (
    CENT,
    CommitteeOffice,
    Emails,
    Finder,
    Verifier,
    committee_office,
    person,
)
from tools.ports import Gap, Unknown

CFO = person("Ada Byron", "Chief Financial Officer", email="ada.byron@acme.example")
HEAD = person("Grace Brewster Hopper", "Head of Sales", email="grace.hopper@acme.example")
REP = person("Joan Clarke", "Account Executive", email="joan.clarke@acme.example")
COUNSEL = person("Hedy Lamarr", "Legal Counsel", email="hedy.lamarr@acme.example")


@pytest.fixture
def office(office_context: AgentContext) -> CommitteeOffice:
    found = committee_office(office_context)
    found.allow()
    return found


def test_the_committee_is_filled_and_its_gaps_are_kept(office: CommitteeOffice) -> None:
    office.with_tools([Finder(knows={"acme.example": [CFO, REP, COUNSEL]})])
    outcome = office.run("acme.example", "empty.example")
    assert {c.buying_role for c in office.people().values()} == {"economic_buyer", "user", "blocker"}
    assert office.leads() == {"Ada Byron", "Joan Clarke", "Hedy Lamarr"}
    with office.context.database.read(office.context.workspace_id) as session:
        acme = seats_of(session, office.icp_id, office.companies["acme.example"])
        empty = seats_of(session, office.icp_id, office.companies["empty.example"])
    assert acme
    assert empty
    assert acme.value == pytest.approx((1.0 + 0.5 + 0.4) / 2.8)
    assert [r["text"] for r in acme.reasons if r["code"] == "seat_empty"] == [
        "No champion: nobody known fills it. It takes lead or above in sales."
    ]
    assert empty.value == 0.0
    assert [r["code"] for r in empty.reasons] == ["seat_empty"] * 4
    assert outcome.inputs["open_seats"] == {"seat_empty": 5}
    assert outcome.inputs["companies_without"] == 1


def test_the_persona_that_is_missing_is_asked_for_and_nobody_else(office: CommitteeOffice) -> None:
    first = Finder("first", knows={"acme.example": [CFO]})
    dear = Finder("dear", 5 * CENT, knows={"acme.example": [HEAD]})
    office.with_tools([dear, first]).run("acme.example")
    ((_, before),) = first.asked
    assert before.departments == ("finance", "general_management", "sales")
    ((_, after),) = dear.asked
    assert after.departments == ("sales",)
    assert "director" in after.seniorities
    assert {c.buying_role for c in office.people().values()} == {"economic_buyer", "champion"}


def test_a_company_whose_seats_are_held_is_not_asked_about(office: CommitteeOffice) -> None:
    free = Finder("free", knows={"acme.example": [CFO, HEAD, REP]})
    dear = Finder("dear", 5 * CENT, knows={})
    office.with_tools([free, dear]).run("acme.example", "other.example")
    assert [domain for domain, _ in dear.asked] == ["other.example"]
    office.run("acme.example")
    assert sorted(domain for domain, _ in free.asked) == ["acme.example", "other.example"]


def test_the_likeliest_for_its_price_goes_first_and_learns(office: CommitteeOffice) -> None:
    domains = [f"company{n}.example" for n in range(12)]
    known = {d: [person(f"Ada Byron{d[7]}x", "CFO"), person("Grace Hopper", "Head of Sales")] for d in domains}
    order: list[str] = []
    knows = Finder("knows", 6 * CENT, known, after=lambda: order.append("knows"))
    empty = Finder("empty", 5 * CENT, after=lambda: order.append("empty"))
    office.with_tools([knows, empty]).run(*domains[:10])
    assert order == ["empty", "knows"]  # as likely as the other before anybody was asked, and cheaper
    order.clear()
    office.run(*domains[10:])
    assert order == ["knows", "empty"]  # after ten empty answers the dearer one is worth more for its price
    rates = {(r.provider, r.field): (r.asked, r.filled) for r in office.rows(FillRate)}
    assert rates["knows", "person:champion"] == (12, 12)
    assert rates["empty", "person:champion"][1] == 0


def test_what_was_asked_is_not_asked_again_until_it_may_have_changed(office: CommitteeOffice) -> None:
    finder = Finder(price_micros=CENT)
    office.with_tools([finder])
    office.run("acme.example")
    office.run("acme.example")
    assert len(finder.asked) == 1
    office.context.clock.advance(timedelta(days=61))  # type: ignore[attr-defined]
    office.allow()
    office.run("acme.example")
    assert len(finder.asked) == 2


@pytest.mark.parametrize("gap", [Gap.DOWN, Gap.REFUSED])
def test_a_finder_that_fails_is_said_and_the_others_go_on(office: CommitteeOffice, gap: Gap) -> None:
    bad = Finder("bad", CENT, knows={d: Unknown("As it said.", gap) for d in ("acme.example", "b.example")})
    good = Finder("good", 3 * CENT, knows={"acme.example": [CFO, HEAD, REP]})
    outcome = office.with_tools([bad, good]).run("acme.example")
    assert office.leads() == {"Ada Byron", "Grace Brewster Hopper", "Joan Clarke"}
    assert outcome.inputs["gaps"][f"bad is {gap.value}"] == 1
    assert {p.outcome for p in office.rows(Purchase) if p.provider == "bad"} == {PurchaseOutcome(gap.value)}
    assert [r for r in office.rows(FillRate) if r.provider == "bad"] == []
    assert len([a for a in office.rows(Alert) if "bad" in a.text]) == (gap is Gap.REFUSED)
    office.run("acme.example", "b.example")
    assert [d for d, _ in bad.asked].count("b.example") == 1, "a failure is no answer: it is asked again"


def test_a_finder_that_raises_ends_no_run(office: CommitteeOffice) -> None:
    class Raises(Finder):
        def people(self, *_: object, **__: object) -> dict[object, object]:  # type: ignore[override]
            raise ConnectionError("reset")

    outcome = office.with_tools([Raises("raises"), Finder(knows={"acme.example": [CFO]})]).run("acme.example")
    assert office.leads() == {"Ada Byron"}
    assert outcome.inputs["gaps"]["raises is down"] == 1


def test_no_ceiling_is_passed_and_the_reason_is_told(office: CommitteeOffice) -> None:
    finder = Finder(price_micros=4 * CENT, knows={d: [CFO] for d in ("acme.example", "b.example", "c.example")})
    office.policy(buy_data=False)
    assert office.with_tools([finder]).run("acme.example").inputs["gaps"] == {SWITCHED_OFF: 1}
    office.policy(company_data_ceiling_minor=3)
    assert office.run("acme.example").inputs["gaps"] == {CEILING: 1}
    office.policy()
    office.allow(provider_scope(finder.name, f"{office.context.clock.now():%Y-%m}"), 3 * CENT)
    assert NO_MONEY in office.run("acme.example").inputs["gaps"]
    assert finder.asked == []
    office.allow(provider_scope(finder.name, f"{office.context.clock.now():%Y-%m}"), 40 * CENT)
    office.allow(micros=9 * CENT)
    office.run("acme.example", "b.example", "c.example")
    assert len(finder.asked) == 2, "the month has money for two"
    with office.context.database.read(office.context.workspace_id) as session:
        assert (
            sum(t.spent_micros for t in totals(session, By.PROVIDER))
            == 8 * CENT
            == sum(p.cost_micros for p in office.rows(Purchase))
        )


# -------------------------------------------------------------------------------------------------- addresses


def silent(*people: object) -> Finder:
    return Finder(knows={"acme.example": list(people)})  # type: ignore[arg-type]


def test_an_address_is_guessed_by_its_domains_habits_and_used_once_confirmed(office: CommitteeOffice) -> None:
    names = (("Ann", "Lee"), ("Bob", "Ray"), ("Cy", "Fox"))
    known = [person(f"{a} {b}", "Clerk", email=f"{a[0]}{b}@acme.example".lower()) for a, b in names]
    boss = person("Jürgen Weiß", "CFO")
    verifier = Verifier(there={"jweiss@acme.example"})
    office.with_tools([silent(*known, boss)], verifiers=[verifier]).run("acme.example")
    assert office.addresses()["Jürgen Weiß"] == ("jweiss@acme.example", "valid")
    assert "jweiss@acme.example" in verifier.asked
    assert not any(address.startswith("j") and address != "jweiss@acme.example" for address in verifier.asked)
    contact = office.people()["Jürgen Weiß"]
    assert contact.email_reasons[0] == GUESSED
    assert contact.email_checked_at == office.context.clock.now()


def test_a_guess_that_nobody_confirmed_is_not_used(office: CommitteeOffice) -> None:
    office.with_tools([silent(person("Ada Byron", "CFO", profile_url="https://net.example/in/ada"))]).run(
        "acme.example"
    )
    assert office.addresses()["Ada Byron"] == ("", "unknown")
    verifier = Verifier()
    office.with_tools([], verifiers=[verifier]).run("acme.example")
    assert office.addresses()["Ada Byron"] == ("", "unknown")
    assert office.people()["Ada Byron"].email_reasons == [NOT_CONFIRMED]
    assert 1 <= len(verifier.asked) <= 3
    before = len(verifier.asked)
    office.run("acme.example")
    assert len(verifier.asked) == before, "the same wrong guess is not paid for twice"


def test_a_guess_at_a_catch_all_domain_is_not_used(office: CommitteeOffice) -> None:
    verifier = Verifier(catch_all={"acme.example"})
    office.with_tools([silent(person("Ada Byron", "CFO", phone="+1 555 0100"))], verifiers=[verifier]).run(
        "acme.example"
    )
    assert office.addresses()["Ada Byron"] == ("", "unknown")
    assert office.people()["Ada Byron"].email_reasons == [CATCH_ALL]
    assert len(verifier.asked) == 1


def test_a_policy_allows_the_likeliest_guess_at_a_catch_all_domain_as_doubtful(office: CommitteeOffice) -> None:
    """Told once by a verifier, it is believed: turning the policy on pays nobody again."""
    names = (("Ann", "Lee"), ("Bob", "Ray"), ("Cy", "Fox"))
    known = [person(f"{a} {b}", "Clerk", email=f"{a}.{b}@acme.example".lower()) for a, b in names]
    verifier = Verifier(catch_all={"acme.example"})
    told = silent(*known, person("Ada Byron", "CFO", phone="+1 555 0100"))
    office.with_tools([told], verifiers=[verifier]).run("acme.example")
    assert office.addresses()["Ada Byron"] == ("", "unknown")
    asked = [address for address in verifier.asked if "byron" in address]
    office.policy(guess_at_catch_all=True)
    office.run("acme.example")
    assert office.addresses()["Ada Byron"] == ("ada.byron@acme.example", "risky")
    assert office.people()["Ada Byron"].email_reasons[0] == CATCH_ALL_ALLOWED
    assert [address for address in verifier.asked if "byron" in address] == asked


def test_a_finder_that_knows_goes_before_a_guess_and_an_unlikely_one_is_never_used(office: CommitteeOffice) -> None:
    office.policy(guess_at_catch_all=True)
    verifier = Verifier(catch_all={"acme.example", "other.example"})
    finder = Finder(knows={"acme.example": [person("Ada Byron", "CFO")], "other.example": [person("Bo Lund", "CFO")]})
    emails = Emails(knows={"Ada Byron": "lovelace@acme.example"})
    office.with_tools([finder], [emails], [verifier]).run("acme.example", "other.example")
    assert office.addresses()["Ada Byron"][0] == "lovelace@acme.example"
    assert office.addresses()["Bo Lund"] == ("", "unknown"), "no habit of that domain is known"


def test_where_no_mail_is_taken_nobody_is_paid_for_an_address(office: CommitteeOffice) -> None:
    emails, verifier = Emails(), Verifier()
    finder = Finder(knows={"nomail.example": [person("Ada Byron", "CFO")]})
    office.with_tools([finder], [emails], [verifier]).run("nomail.example")
    assert (emails.asked, verifier.asked) == ([], [])
    assert office.people()["Ada Byron"].email_reasons == [NO_MAIL]


def test_finders_of_addresses_by_value_for_their_price_and_only_for_whom_none_is_known(office: CommitteeOffice) -> None:
    dear = Emails("dear", 10 * CENT, {"Ada Byron": "ada@acme.example", "Grace Hopper": "grace@acme.example"})
    cheap = Emails("cheap", 2 * CENT, {"Ada Byron": "ada@acme.example"})
    finder = silent(person("Ada Byron", "CFO"), person("Grace Hopper", "Head of Sales"), REP)
    office.with_tools([finder], [dear, cheap]).run("acme.example")
    assert sorted(cheap.asked) == ["Ada Byron", "Grace Hopper"]
    assert dear.asked == ["Grace Hopper"]
    assert office.addresses() == {
        "Ada Byron": ("ada@acme.example", "valid"),
        "Grace Hopper": ("grace@acme.example", "valid"),
        "Joan Clarke": ("joan.clarke@acme.example", "valid"),
    }
    paid = [p for p in office.rows(Purchase) if p.capability == "email"]
    said = sorted((p.provider, p.outcome.value) for p in paid)
    assert said == [("cheap", "filled"), ("cheap", "nothing"), ("dear", "filled")]
    assert all(p.contact_id is not None for p in paid)
    assert not any("@" in p.reason for p in office.rows(Purchase))


@pytest.mark.parametrize("address", ["ada.byron@gmail.com", "ada.byron@rival.example", "info@acme.example"])
def test_private_foreign_and_role_addresses_are_not_taken(office: CommitteeOffice, address: str) -> None:
    emails = Emails(knows={"Ada Byron": address})
    told = person("Ada Byron", "CFO", phone="+1 555 0100", email="" if address.startswith("info") else address)
    office.with_tools([silent(told)], [emails]).run("acme.example")
    assert office.addresses()["Ada Byron"][0] == ""


def test_what_a_vendor_doubts_is_verified_before_it_is_used(office: CommitteeOffice) -> None:
    verifier = Verifier(there={"joan.clarke@acme.example"})
    office.with_tools([silent(CFO, REP)], verifiers=[verifier]).run("acme.example")
    assert office.addresses()["Ada Byron"] == ("ada.byron@acme.example", "invalid")
    assert office.addresses()["Joan Clarke"] == ("joan.clarke@acme.example", "valid")
    assert office.leads() == {"Joan Clarke"}


def test_after_ninety_days_an_address_is_verified_again(office: CommitteeOffice) -> None:
    verifier = Verifier(there={"ada.byron@acme.example"})
    office.with_tools([silent(CFO)], verifiers=[verifier]).run("acme.example")
    office.run("acme.example")
    assert verifier.asked == ["ada.byron@acme.example"]
    office.context.clock.advance(timedelta(days=91))  # type: ignore[attr-defined]
    office.allow()
    verifier.there.clear()  # she left
    office.run("acme.example")
    assert verifier.asked == ["ada.byron@acme.example"] * 2
    assert office.addresses()["Ada Byron"][1] == "invalid"
    office.context.clock.advance(timedelta(days=91))  # type: ignore[attr-defined]
    office.allow()
    office.with_tools([silent(CFO)]).run("acme.example")
    assert office.addresses()["Ada Byron"][1] == "invalid", "the checks alone revive nobody"


# -------------------------------------------------------------------------------------------------- the forgotten


def erase(office: CommitteeOffice, name: str) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        erasure.erase_contact(session, context.clock, context.sealer, office.people()[name].id)


def test_who_was_erased_is_neither_stored_nor_guessed_nor_verified_again(office: CommitteeOffice) -> None:
    finder, emails, verifier = silent(CFO, HEAD), Emails(), Verifier(there={"grace.hopper@acme.example"})
    office.with_tools([finder], [emails], [verifier]).run("acme.example")
    erase(office, "Ada Byron")
    finder.knows = {
        "acme.example": [
            CFO,
            person("Byron, Ada", "CFO"),
            person("ADA M. BYRON", "Finance Director", email="a.byron@acme.example"),
            person("A. Countess", "Finance Director", email="Ada.Byron@acme.example"),
        ]
    }
    verifier.asked.clear()
    office.context.clock.advance(timedelta(days=91))  # type: ignore[attr-defined]
    office.allow()
    office.run("acme.example")
    assert len(finder.asked) == 2
    assert set(office.people()) == {"Grace Brewster Hopper"}
    assert emails.asked == []
    assert verifier.asked == ["grace.hopper@acme.example"]
    assert office.leads() == {"Grace Brewster Hopper"}


def test_who_asked_for_no_mail_is_looked_for_nowhere(office: CommitteeOffice) -> None:
    context, verifier = office.context, Verifier()
    with context.database.write(context.workspace_id) as session:
        for address in ("ada.byron@acme.example", "joan.clarke@acme.example"):
            suppression.suppress(session, context.clock, context.sealer, address=address, reason="opt_out")
        suppression.suppress(session, context.clock, context.sealer, domain="stopped.example", reason="opt_out")
    finder = silent(CFO, person("Joan Clarke", "Account Executive", phone="+1 555 0100"))
    office.with_tools([finder], [Emails(knows={"Joan Clarke": "joan.clarke@acme.example"})], [verifier])
    office.run("acme.example", "stopped.example")
    office.run("stopped.example")
    assert set(office.people()) == {"Joan Clarke"}
    assert office.addresses()["Joan Clarke"][0] == ""
    assert "joan.clarke@acme.example" not in verifier.asked
    assert "ada.byron@acme.example" not in verifier.asked


def test_a_company_nobody_writes_to_is_asked_about_by_nobody(office: CommitteeOffice) -> None:
    finder = Finder(price_micros=CENT)
    office.with_tools([]).run("acme.example")
    context = office.context
    with context.database.write(context.workspace_id) as session:
        suppression.suppress(session, context.clock, context.sealer, domain="acme.example", reason="opt_out")
    office.with_tools([finder]).run("acme.example")
    assert finder.asked == []


def test_rows_of_the_committee_hold_nothing_personal(office: CommitteeOffice) -> None:
    office.with_tools([silent(CFO, HEAD, REP)]).run("acme.example")
    texts = [str(row.reasons) for row in office.rows(ScoreRow)] + [r.reason for r in office.rows(Purchase)]
    assert texts
    assert not any(word in text for text in texts for word in ("Ada", "Hopper", "Clarke", "@"))
    assert all(contact.name_sealed for contact in office.rows(Contact))
