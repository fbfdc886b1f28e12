"""Hunter's three providers against the shared suite, and what is Hunter's alone."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.contract.suite import PagedSuite, ProviderSuite
from tests.support.vendors import Answer, FakeVendor, answer, fixture
from tools.ports import CompanyRef, EmailFound, EmailStatus, Gap, PeopleWanted, PersonRef, Unknown
from tools.providers.email_finder.hunter import HunterEmailFinder
from tools.providers.email_verifier.hunter import HunterEmailVerifier
from tools.providers.person_finder.hunter import HunterPersonFinder

NORRA = CompanyRef(UUID(int=1), "Norra Logistik", "norra.example")
ASTRID = PersonRef(UUID(int=2), "Astrid Ek", "norra.example", "Norra Logistik")


class _Hunter(ProviderSuite):
    contract = "hunter"
    forbidden_gap = Gap.DOWN  # 403 is the limit by the second and the minute; a wrong key is 401

    def error(self, status: int) -> httpx2.Response:
        return answer({"errors": [{"id": "as_said", "code": status, "details": "As Hunter says it."}]}, status)


class TestHunterPersonFinder(_Hunter, PagedSuite):
    def provider(self, vendor: FakeVendor) -> HunterPersonFinder:
        return HunterPersonFinder(vendor.account("hunter"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.people([NORRA]).values())

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("hunter", "domain_search"))

    def everything(self, provider: Any) -> Sequence[Any]:
        found = provider.people([NORRA], PeopleWanted(limit=300))[NORRA.company_id]
        return [] if isinstance(found, Unknown) else found

    def identity(self, record: Any) -> Any:
        return record.email

    def page(self, request: httpx2.Request, *, of: int, repeats: bool = False) -> Answer:
        body = fixture("hunter", "domain_search")
        offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        total = (of - 1) * 100 + 1
        first = offset - 1 if repeats and offset else offset
        body["data"]["emails"] = [
            {"value": f"person{n}@norra.example", "first_name": "Person", "last_name": str(n)}
            for n in range(first, min(first + limit, total))
        ]
        body["meta"]["results"] = total
        return answer(body)

    def nothing(self, request: httpx2.Request) -> Answer:
        body = fixture("hunter", "domain_search")
        body["data"]["emails"], body["meta"]["results"] = [], 0
        return answer(body)

    def test_a_search_costs_a_credit_for_each_ten_addresses(self) -> None:
        _, (people,) = self.asked(self.good)
        assert [(p.full_name, p.title) for p in people] == [("Astrid Ek", "Head of Sales"), ("Jonas Berg", "")]
        assert sum(p.cost_micros for p in people) == 1_000_000

    def test_wishes_that_hunter_has_no_word_for_do_not_narrow_the_search(self) -> None:
        vendor = FakeVendor(self.good)
        self.provider(vendor).people([NORRA], PeopleWanted(departments=("sales", "purchasing"), seniorities=("vp",)))
        (asked,) = vendor.requests
        assert "department" not in asked.url.params
        assert asked.url.params["seniority"] == "executive"

    def test_a_company_without_a_domain_is_not_asked_for(self) -> None:
        vendor = FakeVendor(self.good)
        found = self.provider(vendor).people([CompanyRef(UUID(int=3), "Nameless", "")])
        assert isinstance(found[UUID(int=3)], Unknown)
        assert not vendor.requests


class TestHunterEmailFinder(_Hunter):
    def provider(self, vendor: FakeVendor) -> HunterEmailFinder:
        return HunterEmailFinder(vendor.account("hunter"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.find([ASTRID]).values())

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("hunter", "email_finder"))

    def test_the_address_comes_with_confidence_and_page(self) -> None:
        _, (found,) = self.asked(self.good)
        url = "https://norra.example/team"
        assert found == EmailFound("astrid.ek@norra.example", 0.92, "hunter", url, cost_micros=1_000_000)

    def test_a_private_address_is_no_answer(self) -> None:
        body = fixture("hunter", "email_finder")
        body["data"]["email"] = "astrid@gmail.com"
        _, (found,) = self.asked(lambda _: answer(body))
        assert isinstance(found, Unknown)
        assert found.cost_micros == 1_000_000

    def test_nothing_found_is_not_charged(self) -> None:
        body = fixture("hunter", "email_finder")
        body["data"] |= {"email": None, "score": None}
        _, (found,) = self.asked(lambda _: answer(body))
        assert isinstance(found, Unknown)
        assert (found.gap, found.cost_micros) == (Gap.NO_DATA, 0)

    def test_who_objected_at_hunter_does_not_stop_the_others(self) -> None:
        others = [PersonRef(UUID(int=n), f"Person Nr{n}", "norra.example") for n in range(3, 6)]

        def handler(request: httpx2.Request) -> Answer:
            return self.error(451) if request.url.params["full_name"] == "Astrid Ek" else self.good(request)

        vendor = FakeVendor(handler)
        found = self.provider(vendor).find([ASTRID, *others])
        assert isinstance(found[ASTRID.contact_id], Unknown)
        assert all(isinstance(found[each.contact_id], EmailFound) for each in others)


class TestHunterEmailVerifier(_Hunter):
    not_found_gap = Gap.NO_DATA

    def provider(self, vendor: FakeVendor) -> HunterEmailVerifier:
        return HunterEmailVerifier(vendor.account("hunter"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.verify(["astrid.ek@norra.example"]))

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("hunter", "email_verifier"))

    @pytest.mark.parametrize(
        ("said", "status"),
        [
            ("valid", "valid"),
            ("accept_all", "risky"),
            ("webmail", "risky"),
            ("disposable", "invalid"),
            ("odd", "unknown"),
        ],
    )
    def test_its_words_become_ours(self, said: str, status: str) -> None:
        body = fixture("hunter", "email_verifier")
        body["data"]["status"] = said
        _, (verdict,) = self.asked(lambda _: answer(body))
        assert verdict.status is EmailStatus(status)
        assert verdict.is_catch_all is (said == "accept_all")

    def test_a_verification_that_runs_on_is_asked_for_again(self) -> None:
        running = [True, True]

        def handler(request: httpx2.Request) -> Answer:
            if running:
                running.pop()
                return answer({"data": {"status": "unknown", "score": None, "email": "astrid.ek@norra.example"}}, 202)
            return self.good(request)

        vendor, (verdict,) = self.asked(handler)
        assert verdict.status is EmailStatus.VALID
        assert len(vendor.requests) == 3
