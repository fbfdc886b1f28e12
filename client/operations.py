"""Every operation of the control API, by its own name. Made by `make docs`: do not edit.

Arguments that are left out are not sent. Answers are the dictionaries that /api/openapi.json documents. Each method
raises client.ApiError with the server's own words.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID


class _Unset:
    """Left out; None is a value of its own."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()


class Operations:
    def _operate(
        self,
        method: str,
        path: str,
        places: Mapping[str, Any],
        params: Mapping[str, Any],
        body: Mapping[str, Any] | None,
        if_match: str,
    ) -> Any:
        raise NotImplementedError

    def get_today(
        self, *, mine: bool | _Unset = UNSET, limit: int | _Unset = UNSET, fields: str | _Unset = UNSET
    ) -> Any:
        """What to do next, with the sum behind each rank."""
        return self._operate("GET", "/today", {}, {"mine": mine, "limit": limit, "fields": fields}, None, "")

    def undo_timeline_item(self, kind: Literal["approval", "task", "edit"], item_id: UUID | str) -> Any:
        """Take back an approval, a done task or an edit. An approval until its mail leaves; an edit unless the field
        was edited again since (409).
        """
        return self._operate(
            "POST", "/timeline/{kind}/{item_id}/undo", {"kind": kind, "item_id": item_id}, {}, None, ""
        )

    def list_companies(
        self,
        *,
        q: str | _Unset = UNSET,
        industry: str | _Unset = UNSET,
        country: str | _Unset = UNSET,
        min_employees: int | _Unset = UNSET,
        max_employees: int | _Unset = UNSET,
        technology: str | _Unset = UNSET,
        tag: str | _Unset = UNSET,
        signal: str | _Unset = UNSET,
        icp_id: UUID | str | _Unset = UNSET,
        sort: Literal["name", "added", "updated", "size"] | _Unset = UNSET,
        excluded: bool | _Unset = UNSET,
        unknown: list[Any] | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """Companies that match, in one of the fixed orders."""
        return self._operate(
            "GET",
            "/companies",
            {},
            {
                "q": q,
                "industry": industry,
                "country": country,
                "min_employees": min_employees,
                "max_employees": max_employees,
                "technology": technology,
                "tag": tag,
                "signal": signal,
                "icp_id": icp_id,
                "sort": sort,
                "excluded": excluded,
                "unknown": unknown,
                "limit": limit,
                "cursor": cursor,
                "fields": fields,
            },
            None,
            "",
        )

    def list_contacts(
        self,
        *,
        sort: Literal["added", "updated"] | _Unset = UNSET,
        q: str | _Unset = UNSET,
        title: str | _Unset = UNSET,
        company_id: UUID | str | _Unset = UNSET,
        country: str | _Unset = UNSET,
        seniority: str | _Unset = UNSET,
        department: str | _Unset = UNSET,
        role: str | _Unset = UNSET,
        email_status: list[Any] | _Unset = UNSET,
        legal_basis: Literal[
            "", "consent", "implied_consent", "soft_opt_in", "existing_customer", "legitimate_interest"
        ]
        | _Unset = UNSET,
        suppressed: bool | _Unset = UNSET,
        erased: bool | _Unset = UNSET,
        unknown: list[Any] | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """Contacts that match, in one of the fixed orders."""
        return self._operate(
            "GET",
            "/contacts",
            {},
            {
                "sort": sort,
                "q": q,
                "title": title,
                "company_id": company_id,
                "country": country,
                "seniority": seniority,
                "department": department,
                "role": role,
                "email_status": email_status,
                "legal_basis": legal_basis,
                "suppressed": suppressed,
                "erased": erased,
                "unknown": unknown,
                "limit": limit,
                "cursor": cursor,
                "fields": fields,
            },
            None,
            "",
        )

    def list_leads(
        self,
        *,
        q: str | _Unset = UNSET,
        industry: str | _Unset = UNSET,
        country: str | _Unset = UNSET,
        min_employees: int | _Unset = UNSET,
        max_employees: int | _Unset = UNSET,
        technology: str | _Unset = UNSET,
        tag: str | _Unset = UNSET,
        signal: str | _Unset = UNSET,
        icp_id: UUID | str | _Unset = UNSET,
        sort: Literal["best", "due", "updated", "added"] | _Unset = UNSET,
        title: str | _Unset = UNSET,
        company_id: UUID | str | _Unset = UNSET,
        contact_id: UUID | str | _Unset = UNSET,
        tier: list[Any] | _Unset = UNSET,
        stage: list[Any] | _Unset = UNSET,
        mailbox_id: UUID | str | _Unset = UNSET,
        paused: bool | _Unset = UNSET,
        email_status: list[Any] | _Unset = UNSET,
        seniority: str | _Unset = UNSET,
        department: str | _Unset = UNSET,
        role: str | _Unset = UNSET,
        suppressed: bool | _Unset = UNSET,
        unknown: list[Any] | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """Leads that match, the best first unless another order is asked for."""
        return self._operate(
            "GET",
            "/leads",
            {},
            {
                "q": q,
                "industry": industry,
                "country": country,
                "min_employees": min_employees,
                "max_employees": max_employees,
                "technology": technology,
                "tag": tag,
                "signal": signal,
                "icp_id": icp_id,
                "sort": sort,
                "title": title,
                "company_id": company_id,
                "contact_id": contact_id,
                "tier": tier,
                "stage": stage,
                "mailbox_id": mailbox_id,
                "paused": paused,
                "email_status": email_status,
                "seniority": seniority,
                "department": department,
                "role": role,
                "suppressed": suppressed,
                "unknown": unknown,
                "limit": limit,
                "cursor": cursor,
                "fields": fields,
            },
            None,
            "",
        )

    def count_companies(
        self,
        *,
        q: str | _Unset = UNSET,
        industry: str | _Unset = UNSET,
        country: str | _Unset = UNSET,
        min_employees: int | _Unset = UNSET,
        max_employees: int | _Unset = UNSET,
        technology: str | _Unset = UNSET,
        tag: str | _Unset = UNSET,
        signal: str | _Unset = UNSET,
        icp_id: UUID | str | _Unset = UNSET,
        sort: Literal["name", "added", "updated", "size"] | _Unset = UNSET,
        excluded: bool | _Unset = UNSET,
        unknown: list[Any] | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """How many companies match."""
        return self._operate(
            "GET",
            "/companies/count",
            {},
            {
                "q": q,
                "industry": industry,
                "country": country,
                "min_employees": min_employees,
                "max_employees": max_employees,
                "technology": technology,
                "tag": tag,
                "signal": signal,
                "icp_id": icp_id,
                "sort": sort,
                "excluded": excluded,
                "unknown": unknown,
                "fields": fields,
            },
            None,
            "",
        )

    def count_contacts(
        self,
        *,
        sort: Literal["added", "updated"] | _Unset = UNSET,
        q: str | _Unset = UNSET,
        title: str | _Unset = UNSET,
        company_id: UUID | str | _Unset = UNSET,
        country: str | _Unset = UNSET,
        seniority: str | _Unset = UNSET,
        department: str | _Unset = UNSET,
        role: str | _Unset = UNSET,
        email_status: list[Any] | _Unset = UNSET,
        legal_basis: Literal[
            "", "consent", "implied_consent", "soft_opt_in", "existing_customer", "legitimate_interest"
        ]
        | _Unset = UNSET,
        suppressed: bool | _Unset = UNSET,
        erased: bool | _Unset = UNSET,
        unknown: list[Any] | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """How many contacts match."""
        return self._operate(
            "GET",
            "/contacts/count",
            {},
            {
                "sort": sort,
                "q": q,
                "title": title,
                "company_id": company_id,
                "country": country,
                "seniority": seniority,
                "department": department,
                "role": role,
                "email_status": email_status,
                "legal_basis": legal_basis,
                "suppressed": suppressed,
                "erased": erased,
                "unknown": unknown,
                "fields": fields,
            },
            None,
            "",
        )

    def count_leads(
        self,
        *,
        q: str | _Unset = UNSET,
        industry: str | _Unset = UNSET,
        country: str | _Unset = UNSET,
        min_employees: int | _Unset = UNSET,
        max_employees: int | _Unset = UNSET,
        technology: str | _Unset = UNSET,
        tag: str | _Unset = UNSET,
        signal: str | _Unset = UNSET,
        icp_id: UUID | str | _Unset = UNSET,
        sort: Literal["best", "due", "updated", "added"] | _Unset = UNSET,
        title: str | _Unset = UNSET,
        company_id: UUID | str | _Unset = UNSET,
        contact_id: UUID | str | _Unset = UNSET,
        tier: list[Any] | _Unset = UNSET,
        stage: list[Any] | _Unset = UNSET,
        mailbox_id: UUID | str | _Unset = UNSET,
        paused: bool | _Unset = UNSET,
        email_status: list[Any] | _Unset = UNSET,
        seniority: str | _Unset = UNSET,
        department: str | _Unset = UNSET,
        role: str | _Unset = UNSET,
        suppressed: bool | _Unset = UNSET,
        unknown: list[Any] | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """How many leads match."""
        return self._operate(
            "GET",
            "/leads/count",
            {},
            {
                "q": q,
                "industry": industry,
                "country": country,
                "min_employees": min_employees,
                "max_employees": max_employees,
                "technology": technology,
                "tag": tag,
                "signal": signal,
                "icp_id": icp_id,
                "sort": sort,
                "title": title,
                "company_id": company_id,
                "contact_id": contact_id,
                "tier": tier,
                "stage": stage,
                "mailbox_id": mailbox_id,
                "paused": paused,
                "email_status": email_status,
                "seniority": seniority,
                "department": department,
                "role": role,
                "suppressed": suppressed,
                "unknown": unknown,
                "fields": fields,
            },
            None,
            "",
        )

    def change_leads(self, *, body: Mapping[str, Any]) -> Any:
        """Stop, pause, resume or hand over many leads."""
        return self._operate("POST", "/leads/bulk", {}, {}, body, "")

    def change_contacts(
        self,
        *,
        action: Literal["suppress"],
        ids: list[Any] | _Unset | None = UNSET,
        confirmed: int | _Unset | None = UNSET,
        filter: Mapping[str, Any] | _Unset | None = UNSET,
        reason: Literal["opt_out", "objection", "complaint", "manual"] | _Unset = UNSET,
    ) -> Any:
        """Never write to many people again."""
        return self._operate(
            "POST",
            "/contacts/bulk",
            {},
            {},
            {"ids": ids, "confirmed": confirmed, "filter": filter, "action": action, "reason": reason},
            "",
        )

    def change_companies(self, *, body: Mapping[str, Any]) -> Any:
        """Exclude or tag many companies."""
        return self._operate("POST", "/companies/bulk", {}, {}, body, "")

    def list_saved_views(
        self, *, page: Literal["companies", "contacts", "leads"] | _Unset = UNSET, fields: str | _Unset = UNSET
    ) -> Any:
        """Shared views, and the caller's own."""
        return self._operate("GET", "/saved-views", {}, {"page": page, "fields": fields}, None, "")

    def save_view(
        self, *, page: Literal["companies", "contacts", "leads"], name: str, query: str, shared: bool | _Unset = UNSET
    ) -> Any:
        """Keep filters under a name; the same name again replaces them."""
        return self._operate(
            "POST", "/saved-views", {}, {}, {"page": page, "name": name, "query": query, "shared": shared}, ""
        )

    def get_saved_view(self, view_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One view."""
        return self._operate("GET", "/saved-views/{view_id}", {"view_id": view_id}, {"fields": fields}, None, "")

    def change_saved_view(
        self,
        view_id: UUID | str,
        *,
        name: str | _Unset | None = UNSET,
        query: str | _Unset | None = UNSET,
        if_match: str = "",
    ) -> Any:
        """Rename a view, or change its filters."""
        return self._operate(
            "PATCH", "/saved-views/{view_id}", {"view_id": view_id}, {}, {"name": name, "query": query}, if_match
        )

    def delete_saved_view(self, view_id: UUID | str) -> Any:
        """Delete a view; the records stay."""
        return self._operate("DELETE", "/saved-views/{view_id}", {"view_id": view_id}, {}, None, "")

    def get_contact(self, contact_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One contact, as far as the caller may see them."""
        return self._operate("GET", "/contacts/{contact_id}", {"contact_id": contact_id}, {"fields": fields}, None, "")

    def edit_contact(
        self,
        contact_id: UUID | str,
        *,
        name: str | _Unset | None = UNSET,
        email: str | _Unset | None = UNSET,
        phone: str | _Unset | None = UNSET,
        title: str | _Unset | None = UNSET,
        seniority: str | _Unset | None = UNSET,
        department: str | _Unset | None = UNSET,
        buying_role: str | _Unset | None = UNSET,
        country: str | _Unset | None = UNSET,
        time_zone: str | _Unset | None = UNSET,
        legal_basis: Literal[
            "", "consent", "implied_consent", "soft_opt_in", "existing_customer", "legitimate_interest"
        ]
        | _Unset
        | None = UNSET,
        legal_basis_evidence: str | _Unset | None = UNSET,
        legal_basis_at: datetime | str | _Unset | None = UNSET,
        subscriber: Literal["", "company", "individual"] | _Unset | None = UNSET,
        if_match: str = "",
    ) -> Any:
        """Edit a contact; a new address takes drafts to the old one back."""
        return self._operate(
            "PATCH",
            "/contacts/{contact_id}",
            {"contact_id": contact_id},
            {},
            {
                "name": name,
                "email": email,
                "phone": phone,
                "title": title,
                "seniority": seniority,
                "department": department,
                "buying_role": buying_role,
                "country": country,
                "time_zone": time_zone,
                "legal_basis": legal_basis,
                "legal_basis_evidence": legal_basis_evidence,
                "legal_basis_at": legal_basis_at,
                "subscriber": subscriber,
            },
            if_match,
        )

    def opt_out_contact(
        self, contact_id: UUID | str, *, reason: Literal["opt_out", "objection", "complaint", "manual"] | _Unset = UNSET
    ) -> Any:
        """Never write to this person again."""
        return self._operate(
            "POST", "/contacts/{contact_id}/opt-out", {"contact_id": contact_id}, {}, {"reason": reason}, ""
        )

    def erase_contact(self, contact_id: UUID | str) -> Any:
        """Forget this person; it cannot be undone."""
        return self._operate("POST", "/contacts/{contact_id}/erase", {"contact_id": contact_id}, {}, None, "")

    def list_duplicates(
        self,
        *,
        kind: Literal["company", "contact"] | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """Pairs that may be one and wait for a decision, the likeliest first."""
        return self._operate(
            "GET", "/duplicates", {}, {"kind": kind, "limit": limit, "cursor": cursor, "fields": fields}, None, ""
        )

    def get_duplicate(self, proposal_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One pair with what is equal and what differs, decided or not."""
        return self._operate(
            "GET", "/duplicates/{proposal_id}", {"proposal_id": proposal_id}, {"fields": fields}, None, ""
        )

    def decide_duplicate(
        self, proposal_id: UUID | str, *, merge: bool, keep: UUID | str | _Unset | None = UNSET
    ) -> Any:
        """Merge a pair, or say for good that they are two."""
        return self._operate(
            "POST",
            "/duplicates/{proposal_id}/decide",
            {"proposal_id": proposal_id},
            {},
            {"merge": merge, "keep": keep},
            "",
        )

    def reconsider_duplicate(self, proposal_id: UUID | str) -> Any:
        """Take a no back: the pair waits for a decision again."""
        return self._operate("POST", "/duplicates/{proposal_id}/reconsider", {"proposal_id": proposal_id}, {}, None, "")

    def list_merges(
        self,
        *,
        of: UUID | str | _Unset = UNSET,
        standing: bool | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """What was merged, by whom and why, the newest first."""
        return self._operate(
            "GET",
            "/merges",
            {},
            {"of": of, "standing": standing, "limit": limit, "cursor": cursor, "fields": fields},
            None,
            "",
        )

    def create_merge(self, *, kept_id: UUID | str, absorbed_id: UUID | str) -> Any:
        """Merge two companies or two contacts by hand."""
        return self._operate("POST", "/merges", {}, {}, {"kept_id": kept_id, "absorbed_id": absorbed_id}, "")

    def split_merge(self, merge_id: UUID | str, *, ask_again: bool | _Unset = UNSET) -> Any:
        """Make two of one again; what was changed since stays."""
        return self._operate(
            "POST", "/merges/{merge_id}/split", {"merge_id": merge_id}, {}, {"ask_again": ask_again}, ""
        )

    def edit_company(
        self,
        company_id: UUID | str,
        *,
        name: str | _Unset | None = UNSET,
        website: str | _Unset | None = UNSET,
        industry: str | _Unset | None = UNSET,
        employees: int | _Unset | None = UNSET,
        revenue_minor: int | _Unset | None = UNSET,
        currency: str | _Unset | None = UNSET,
        country: str | _Unset | None = UNSET,
        region: str | _Unset | None = UNSET,
        city: str | _Unset | None = UNSET,
        description: str | _Unset | None = UNSET,
        founded_year: int | _Unset | None = UNSET,
        tags: list[Any] | _Unset | None = UNSET,
        technologies: list[Any] | _Unset | None = UNSET,
        release: list[Any] | _Unset = UNSET,
        if_match: str = "",
    ) -> Any:
        """Edit a company; a person's word wins."""
        return self._operate(
            "PATCH",
            "/companies/{company_id}",
            {"company_id": company_id},
            {},
            {
                "name": name,
                "website": website,
                "industry": industry,
                "employees": employees,
                "revenue_minor": revenue_minor,
                "currency": currency,
                "country": country,
                "region": region,
                "city": city,
                "description": description,
                "founded_year": founded_year,
                "tags": tags,
                "technologies": technologies,
                "release": release,
            },
            if_match,
        )

    def get_company(self, company_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One company with its facts and signals."""
        return self._operate("GET", "/companies/{company_id}", {"company_id": company_id}, {"fields": fields}, None, "")

    def edit_lead(
        self,
        lead_id: UUID | str,
        *,
        stage: Literal[
            "scored",
            "nurture",
            "in_sequence",
            "replied",
            "meeting_proposed",
            "meeting_booked",
            "meeting_held",
            "won",
            "lost",
            "stopped",
        ]
        | _Unset
        | None = UNSET,
        reason: Literal["", "wrong_person", "not_a_fit", "bad_timing", "customer_already", "handled_elsewhere", "other"]
        | _Unset = UNSET,
        mailbox_id: UUID | str | _Unset | None = UNSET,
        if_match: str = "",
    ) -> Any:
        """Give a lead another stage or owner."""
        return self._operate(
            "PATCH",
            "/leads/{lead_id}",
            {"lead_id": lead_id},
            {},
            {"stage": stage, "reason": reason, "mailbox_id": mailbox_id},
            if_match,
        )

    def get_lead(self, lead_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One lead: its scores with reasons, its touches, and its company's buying committee."""
        return self._operate("GET", "/leads/{lead_id}", {"lead_id": lead_id}, {"fields": fields}, None, "")

    def health(self, *, fields: str | _Unset = UNSET) -> Any:
        """Does the server answer, and its database?"""
        return self._operate("GET", "/health", {}, {"fields": fields}, None, "")

    def me(self, *, fields: str | _Unset = UNSET) -> Any:
        """The workspace, the rights of this key, and whose it is."""
        return self._operate("GET", "/me", {}, {"fields": fields}, None, "")

    def change_me(
        self,
        *,
        name: str | _Unset | None = UNSET,
        time_zone: str | _Unset | None = UNSET,
        theme: Literal["", "light", "dark"] | _Unset | None = UNSET,
        preparation_mail: bool | _Unset | None = UNSET,
        if_match: str = "",
    ) -> Any:
        """Change the name, time zone or theme of the person whose key this is."""
        return self._operate(
            "PATCH",
            "/me",
            {},
            {},
            {"name": name, "time_zone": time_zone, "theme": theme, "preparation_mail": preparation_mail},
            if_match,
        )

    def list_icps(self, *, archived: bool | _Unset = UNSET, fields: str | _Unset = UNSET) -> Any:
        """Every ICP with its newest version, its leads and its last run."""
        return self._operate("GET", "/icps", {}, {"archived": archived, "fields": fields}, None, "")

    def create_icp(self, *, definition: Mapping[str, Any]) -> Any:
        """Make an ICP with its first version."""
        return self._operate("POST", "/icps", {}, {}, {"definition": definition}, "")

    def get_icp(self, icp_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One ICP with its newest version."""
        return self._operate("GET", "/icps/{icp_id}", {"icp_id": icp_id}, {"fields": fields}, None, "")

    def preview_icp(self, *, definition: Mapping[str, Any], icp_id: UUID | str | _Unset | None = UNSET) -> Any:
        """What a definition would change: who enters, who leaves, whose tier moves. Writes nothing, so the right to
        read is enough. Within about ten seconds, of very many companies a sample.
        """
        return self._operate("POST", "/icps/preview", {}, {}, {"definition": definition, "icp_id": icp_id}, "")

    def list_icp_versions(
        self,
        icp_id: UUID | str,
        *,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """An ICP's versions, the newest first."""
        return self._operate(
            "GET",
            "/icps/{icp_id}/versions",
            {"icp_id": icp_id},
            {"limit": limit, "cursor": cursor, "fields": fields},
            None,
            "",
        )

    def create_icp_version(self, icp_id: UUID | str, *, definition: Mapping[str, Any], if_match: str = "") -> Any:
        """Change an ICP: the next version. What means the same as the newest version makes no new one (200). `If-
        Match` takes the ETag of GET /icps/{id}.
        """
        return self._operate(
            "POST", "/icps/{icp_id}/versions", {"icp_id": icp_id}, {}, {"definition": definition}, if_match
        )

    def get_icp_version(self, icp_id: UUID | str, number: int, *, fields: str | _Unset = UNSET) -> Any:
        """One version of an ICP."""
        return self._operate(
            "GET",
            "/icps/{icp_id}/versions/{number}",
            {"icp_id": icp_id, "number": number},
            {"fields": fields},
            None,
            "",
        )

    def list_icp_version_changes(
        self, icp_id: UUID | str, number: int, *, against: int | _Unset = UNSET, fields: str | _Unset = UNSET
    ) -> Any:
        """What a version changed, against the one before it."""
        return self._operate(
            "GET",
            "/icps/{icp_id}/versions/{number}/changes",
            {"icp_id": icp_id, "number": number},
            {"against": against, "fields": fields},
            None,
            "",
        )

    def restore_icp_version(self, icp_id: UUID | str, number: int, *, if_match: str = "") -> Any:
        """Go back: an old version as the next. Its words become the newest version and all leads are scored by it
        again. 409 while a run of it is under way.
        """
        return self._operate(
            "POST", "/icps/{icp_id}/versions/{number}/restore", {"icp_id": icp_id, "number": number}, {}, None, if_match
        )

    def archive_icp(self, icp_id: UUID | str) -> Any:
        """Start no further runs of an ICP; its leads go on."""
        return self._operate("POST", "/icps/{icp_id}/archive", {"icp_id": icp_id}, {}, None, "")

    def unarchive_icp(self, icp_id: UUID | str) -> Any:
        """Bring an archived ICP back."""
        return self._operate("POST", "/icps/{icp_id}/unarchive", {"icp_id": icp_id}, {}, None, "")

    def preview_icp_tiers(self, icp_id: UUID | str, *, definition: Mapping[str, Any]) -> Any:
        """Which leads a changed definition would move. Every lead of the ICP, by the version in force and by this
        definition, as of now. Writes nothing.
        """
        return self._operate(
            "POST", "/icps/{icp_id}/tier-preview", {"icp_id": icp_id}, {}, {"definition": definition}, ""
        )

    def get_icp_outcomes(
        self,
        icp_id: UUID | str,
        *,
        version: int | _Unset = UNSET,
        against: int | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """A version's tiers against what happened. Replies, positive replies, meetings and won deals of the leads
        that were written to, by the tier that the version gives them as of their first mail. `against`: another
        version, over the same leads.
        """
        return self._operate(
            "GET",
            "/icps/{icp_id}/outcomes",
            {"icp_id": icp_id},
            {"version": version, "against": against, "fields": fields},
            None,
            "",
        )

    def get_lead_outlook(self, lead_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """What would lift a lead's tier, and what can be bought."""
        return self._operate("GET", "/leads/{lead_id}/outlook", {"lead_id": lead_id}, {"fields": fields}, None, "")

    def create_run(
        self,
        *,
        icp_id: UUID | str,
        version: int | _Unset | None = UNSET,
        source: str | _Unset = UNSET,
        max_companies: int | _Unset | None = UNSET,
        enroll: bool | _Unset = UNSET,
        ceiling_micros: int | _Unset | None = UNSET,
    ) -> Any:
        """Start a run of an ICP."""
        return self._operate(
            "POST",
            "/runs",
            {},
            {},
            {
                "icp_id": icp_id,
                "version": version,
                "source": source,
                "max_companies": max_companies,
                "enroll": enroll,
                "ceiling_micros": ceiling_micros,
            },
            "",
        )

    def list_runs(
        self,
        *,
        state: Literal["pending", "running", "paused", "done", "failed", "cancelled"] | _Unset = UNSET,
        icp_id: UUID | str | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """Runs with what each brought, the newest first."""
        return self._operate(
            "GET",
            "/runs",
            {},
            {"state": state, "icp_id": icp_id, "limit": limit, "cursor": cursor, "fields": fields},
            None,
            "",
        )

    def get_run(self, run_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One run."""
        return self._operate("GET", "/runs/{run_id}", {"run_id": run_id}, {"fields": fields}, None, "")

    def get_run_progress(self, run_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """How far a run is: its funnel, cohorts, cost and problems."""
        return self._operate("GET", "/runs/{run_id}/progress", {"run_id": run_id}, {"fields": fields}, None, "")

    def list_left_out_companies(self, run_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """Why companies were left out of a run, with examples."""
        return self._operate("GET", "/runs/{run_id}/left-out", {"run_id": run_id}, {"fields": fields}, None, "")

    def pause_run(self, run_id: UUID | str) -> Any:
        """Take no further page; what is found already goes on."""
        return self._operate("POST", "/runs/{run_id}/pause", {"run_id": run_id}, {}, None, "")

    def resume_run(self, run_id: UUID | str) -> Any:
        """Go on where a paused run stood."""
        return self._operate("POST", "/runs/{run_id}/resume", {"run_id": run_id}, {}, None, "")

    def cancel_run(self, run_id: UUID | str) -> Any:
        """End a run; what it found stays."""
        return self._operate("POST", "/runs/{run_id}/cancel", {"run_id": run_id}, {}, None, "")

    def list_sequences(self, *, fields: str | _Unset = UNSET) -> Any:
        """Every sequence with its steps and where its leads stand."""
        return self._operate("GET", "/sequences", {}, {"fields": fields}, None, "")

    def preview_sequence(
        self,
        name: str,
        *,
        lead_id: UUID | str,
        version: int | _Unset | None = UNSET,
        definition: Mapping[str, Any] | _Unset | None = UNSET,
        with_model: bool | _Unset = UNSET,
    ) -> Any:
        """What a sequence would say to one lead now, step by step. Writes nothing, so the right to read is enough;
        the words are shown with people:read.
        """
        return self._operate(
            "POST",
            "/sequences/{name}/preview",
            {"name": name},
            {},
            {"lead_id": lead_id, "version": version, "definition": definition, "with_model": with_model},
            "",
        )

    def list_sequence_versions(self, name: str, *, fields: str | _Unset = UNSET) -> Any:
        """A sequence's versions, the newest first."""
        return self._operate("GET", "/sequences/{name}/versions", {"name": name}, {"fields": fields}, None, "")

    def set_sequence(
        self,
        name: str,
        *,
        definition: Mapping[str, Any],
        note: str | _Unset = UNSET,
        based_on: int | _Unset | None = UNSET,
    ) -> Any:
        """Change a sequence: the next version, for leads that enter from now on. What says the same as the version
        in force makes no new one (200). Leads that are in it stay on their version.
        """
        return self._operate(
            "POST",
            "/sequences/{name}/versions",
            {"name": name},
            {},
            {"definition": definition, "note": note, "based_on": based_on},
            "",
        )

    def get_sequence_version(self, name: str, number: int, *, fields: str | _Unset = UNSET) -> Any:
        """One version of a sequence, as it was set."""
        return self._operate(
            "GET", "/sequences/{name}/versions/{number}", {"name": name, "number": number}, {"fields": fields}, None, ""
        )

    def list_sequence_version_changes(
        self, name: str, number: int, *, against: int | _Unset = UNSET, fields: str | _Unset = UNSET
    ) -> Any:
        """What a version changed, step by step. Against the version before it, or `against`. Of the first one
        nothing: there is none before.
        """
        return self._operate(
            "GET",
            "/sequences/{name}/versions/{number}/changes",
            {"name": name, "number": number},
            {"against": against, "fields": fields},
            None,
            "",
        )

    def preview_sequence_move(
        self, name: str, *, to_version: int | _Unset | None = UNSET, from_version: int | _Unset | None = UNSET
    ) -> Any:
        """What moving running leads to a version would change. Writes nothing."""
        return self._operate(
            "POST",
            "/sequences/{name}/move/preview",
            {"name": name},
            {},
            {"to_version": to_version, "from_version": from_version},
            "",
        )

    def move_sequence(
        self, name: str, *, to_version: int | _Unset | None = UNSET, from_version: int | _Unset | None = UNSET
    ) -> Any:
        """Move running leads to a version; what was sent stays. Steps behind the last done one are planned anew;
        drafts that wait are taken back. A second time moves nobody.
        """
        return self._operate(
            "POST",
            "/sequences/{name}/move",
            {"name": name},
            {},
            {"to_version": to_version, "from_version": from_version},
            "",
        )

    def list_templates(self, *, fields: str | _Unset = UNSET) -> Any:
        """Every template with its version and the steps that use it."""
        return self._operate("GET", "/templates", {}, {"fields": fields}, None, "")

    def get_template(self, name: str, *, fields: str | _Unset = UNSET) -> Any:
        """One template: its source and what its variables mean."""
        return self._operate("GET", "/templates/{name}", {"name": name}, {"fields": fields}, None, "")

    def list_variants(self, *, template: str | _Unset = UNSET, fields: str | _Unset = UNSET) -> Any:
        """Variants of templates, with what their tests say."""
        return self._operate("GET", "/variants", {}, {"template": template, "fields": fields}, None, "")

    def add_variant(self, *, template: str, name: str, source: str, max_companies: int | _Unset = UNSET) -> Any:
        """Try other words for a template on half of the companies. Written to samples first, each through the gate;
        what fails is refused. One test a template at a time.
        """
        return self._operate(
            "POST",
            "/variants",
            {},
            {},
            {"template": template, "name": name, "source": source, "max_companies": max_companies},
            "",
        )

    def get_variant(self, variant_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One variant: its words, and what its test says."""
        return self._operate("GET", "/variants/{variant_id}", {"variant_id": variant_id}, {"fields": fields}, None, "")

    def adopt_variant(self, variant_id: UUID | str, *, anyway: bool | _Unset = UNSET) -> Any:
        """Write to everybody with these words from now on. 409 where it is not shown to be better, unless `anyway`."""
        return self._operate(
            "POST", "/variants/{variant_id}/adopt", {"variant_id": variant_id}, {}, {"anyway": anyway}, ""
        )

    def stop_variant(self, variant_id: UUID | str) -> Any:
        """End a test, or take an adopted variant back. Of an adopted one the built-in template serves again. Drafts
        that wait stay as they are.
        """
        return self._operate("POST", "/variants/{variant_id}/stop", {"variant_id": variant_id}, {}, None, "")

    def list_edit_rules(self, *, fields: str | _Unset = UNSET) -> Any:
        """Rules learned from edits: proposed, adopted and undone. Needs people:read: the words are words of mails."""
        return self._operate("GET", "/edit-rules", {}, {"fields": fields}, None, "")

    def adopt_edit_rule(self, rule_id: UUID | str) -> Any:
        """Make this change in every draft from now on. A draft that would not pass the gate with it is written
        without it.
        """
        return self._operate("POST", "/edit-rules/{rule_id}/adopt", {"rule_id": rule_id}, {}, None, "")

    def undo_edit_rule(self, rule_id: UUID | str) -> Any:
        """Take a rule back, or dismiss one that is proposed."""
        return self._operate("POST", "/edit-rules/{rule_id}/undo", {"rule_id": rule_id}, {}, None, "")

    def list_imports(
        self, *, limit: int | _Unset = UNSET, cursor: str | _Unset = UNSET, fields: str | _Unset = UNSET
    ) -> Any:
        """Imports, the newest first."""
        return self._operate("GET", "/imports", {}, {"limit": limit, "cursor": cursor, "fields": fields}, None, "")

    def get_import(self, import_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One import: its columns with samples, its mapping, how far it is."""
        return self._operate("GET", "/imports/{import_id}", {"import_id": import_id}, {"fields": fields}, None, "")

    def set_import_mapping(self, import_id: UUID | str, *, mapping: Mapping[str, Any], if_match: str = "") -> Any:
        """Say how the columns are read. An import that is done and gets another mapping can be started again: rows
        are merged, not doubled.
        """
        return self._operate(
            "PUT", "/imports/{import_id}/mapping", {"import_id": import_id}, {}, {"mapping": mapping}, if_match
        )

    def start_import(self, import_id: UUID | str) -> Any:
        """Have a worker take it in. Saying it twice changes nothing. A failed import goes on where it stood."""
        return self._operate("POST", "/imports/{import_id}/start", {"import_id": import_id}, {}, None, "")

    def list_import_problems(
        self,
        import_id: UUID | str,
        *,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """Rows that could not be kept, with line and reason."""
        return self._operate(
            "GET",
            "/imports/{import_id}/problems",
            {"import_id": import_id},
            {"limit": limit, "cursor": cursor, "fields": fields},
            None,
            "",
        )

    def get_company_timeline(
        self,
        company_id: UUID | str,
        *,
        kind: list[Any] | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """What happened with a company and its people, the newest first."""
        return self._operate(
            "GET",
            "/companies/{company_id}/timeline",
            {"company_id": company_id},
            {"kind": kind, "limit": limit, "cursor": cursor, "fields": fields},
            None,
            "",
        )

    def get_lead_timeline(
        self,
        lead_id: UUID | str,
        *,
        kind: list[Any] | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """What happened, the newest first."""
        return self._operate(
            "GET",
            "/leads/{lead_id}/timeline",
            {"lead_id": lead_id},
            {"kind": kind, "limit": limit, "cursor": cursor, "fields": fields},
            None,
            "",
        )

    def explain_subject(self, subject_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """Why: what was decided about a lead, customer, cohort or run."""
        return self._operate("GET", "/decisions/{subject_id}", {"subject_id": subject_id}, {"fields": fields}, None, "")

    def list_approvals(
        self,
        *,
        state: Literal["pending", "approved", "rejected", "void"] | _Unset = UNSET,
        sort: Literal["value", "due", "waiting"] | _Unset = UNSET,
        kind: Literal[
            "first_mail", "follow_up", "reply", "meeting_proposal", "intervention", "missed_meeting", "meeting_recap"
        ]
        | _Unset = UNSET,
        tier: int | _Unset = UNSET,
        mailbox: UUID | str | _Unset = UNSET,
        rep: UUID | str | _Unset = UNSET,
        icp: UUID | str | _Unset = UNSET,
        company: str | _Unset = UNSET,
        problems: bool | _Unset = UNSET,
        due: Literal["overdue", "today"] | _Unset = UNSET,
        mine: bool | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """Drafts by the state of their approval, what may bring most first."""
        return self._operate(
            "GET",
            "/approvals",
            {},
            {
                "state": state,
                "sort": sort,
                "kind": kind,
                "tier": tier,
                "mailbox": mailbox,
                "rep": rep,
                "icp": icp,
                "company": company,
                "problems": problems,
                "due": due,
                "mine": mine,
                "limit": limit,
                "cursor": cursor,
                "fields": fields,
            },
            None,
            "",
        )

    def decide_approvals(self, *, items: list[Any]) -> Any:
        """Decide on many, each for itself, and learn of each what became of it."""
        return self._operate("POST", "/approvals/bulk-decision", {}, {}, {"items": items}, "")

    def get_approval(self, approval_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One draft with its claims, their evidence and the gate's problems."""
        return self._operate(
            "GET", "/approvals/{approval_id}", {"approval_id": approval_id}, {"fields": fields}, None, ""
        )

    def decide_approval(
        self,
        approval_id: UUID | str,
        *,
        action: Literal["approve", "reject"],
        content_hash: str,
        reason: str | _Unset = UNSET,
    ) -> Any:
        """Approve or reject exactly what was read."""
        return self._operate(
            "POST",
            "/approvals/{approval_id}/decision",
            {"approval_id": approval_id},
            {},
            {"action": action, "content_hash": content_hash, "reason": reason},
            "",
        )

    def edit_approval(
        self, approval_id: UUID | str, *, subject: str, body: str, content_hash: str | _Unset | None = UNSET
    ) -> Any:
        """Write other words: a new draft replaces this one."""
        return self._operate(
            "POST",
            "/approvals/{approval_id}/edit",
            {"approval_id": approval_id},
            {},
            {"subject": subject, "body": body, "content_hash": content_hash},
            "",
        )

    def undo_approval(self, approval_id: UUID | str) -> Any:
        """Take an approval back, until the mail leaves."""
        return self._operate("POST", "/approvals/{approval_id}/undo", {"approval_id": approval_id}, {}, None, "")

    def preview_approval(self, approval_id: UUID | str, *, subject: str, body: str) -> Any:
        """What the gate would say to other words; nothing is written."""
        return self._operate(
            "POST",
            "/approvals/{approval_id}/preview",
            {"approval_id": approval_id},
            {},
            {"subject": subject, "body": body},
            "",
        )

    def get_approval_outgoing(self, approval_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """The mail as it will leave, with its footer, and when."""
        return self._operate(
            "GET", "/approvals/{approval_id}/outgoing", {"approval_id": approval_id}, {"fields": fields}, None, ""
        )

    def list_approval_readers(self, approval_id: UUID | str) -> Any:
        """Who has this draft open in the console now."""
        return self._operate("GET", "/approvals/{approval_id}/readers", {"approval_id": approval_id}, {}, None, "")

    def list_tasks(
        self,
        *,
        state: Literal["open", "done", "dropped"] | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """Tasks by due time."""
        return self._operate(
            "GET", "/tasks", {}, {"state": state, "limit": limit, "cursor": cursor, "fields": fields}, None, ""
        )

    def finish_task(self, task_id: UUID | str, *, outcome: str | _Unset = UNSET) -> Any:
        """A task is done."""
        return self._operate("POST", "/tasks/{task_id}/done", {"task_id": task_id}, {}, {"outcome": outcome}, "")

    def log_task(
        self,
        task_id: UUID | str,
        *,
        result: Literal["reached", "voicemail", "no_answer", "wrong_number", "not_interested", "call_back"],
        note: str | _Unset = UNSET,
        call_back_at: datetime | str | _Unset | None = UNSET,
    ) -> Any:
        """How a call, a note or a text message went."""
        return self._operate(
            "POST",
            "/tasks/{task_id}/log",
            {"task_id": task_id},
            {},
            {"result": result, "note": note, "call_back_at": call_back_at},
            "",
        )

    def finish_tasks(self, *, ids: list[Any], outcome: str | _Unset = UNSET) -> Any:
        """Several tasks are done, each answered by itself."""
        return self._operate("POST", "/tasks/bulk-done", {}, {}, {"ids": ids, "outcome": outcome}, "")

    def reopen_task(self, task_id: UUID | str) -> Any:
        """A task is not done after all."""
        return self._operate("POST", "/tasks/{task_id}/reopen", {"task_id": task_id}, {}, None, "")

    def list_outbox(
        self,
        *,
        state: Literal["ready", "sending", "sent", "unknown", "failed", "cancelled", "expired"] | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """Intended effects by state."""
        return self._operate(
            "GET", "/outbox", {}, {"state": state, "limit": limit, "cursor": cursor, "fields": fields}, None, ""
        )

    def resolve_outbox(self, item_id: UUID | str, *, was_sent: bool) -> Any:
        """Say whether a mail of unknown outcome arrived."""
        return self._operate(
            "POST", "/outbox/{item_id}/resolution", {"item_id": item_id}, {}, {"was_sent": was_sent}, ""
        )

    def list_meetings(
        self,
        *,
        state: Literal["proposed", "booked", "held", "no_show", "cancelled", "expired"] | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """Meetings, the newest first."""
        return self._operate(
            "GET", "/meetings", {}, {"state": state, "limit": limit, "cursor": cursor, "fields": fields}, None, ""
        )

    def get_meeting(self, meeting_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """A meeting, with what its rep should know beforehand."""
        return self._operate("GET", "/meetings/{meeting_id}", {"meeting_id": meeting_id}, {"fields": fields}, None, "")

    def record_meeting(
        self,
        meeting_id: UUID | str,
        *,
        held: bool,
        outcome: str | _Unset = UNSET,
        notes: str | _Unset = UNSET,
        next_step: str | _Unset = UNSET,
        next_step_at: datetime | str | _Unset | None = UNSET,
    ) -> Any:
        """How a meeting went."""
        return self._operate(
            "POST",
            "/meetings/{meeting_id}/outcome",
            {"meeting_id": meeting_id},
            {},
            {"held": held, "outcome": outcome, "notes": notes, "next_step": next_step, "next_step_at": next_step_at},
            "",
        )

    def get_transcript(self, meeting_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """What was found in a meeting's newest transcript."""
        return self._operate(
            "GET", "/meetings/{meeting_id}/transcript", {"meeting_id": meeting_id}, {"fields": fields}, None, ""
        )

    def put_transcript_speakers(self, transcript_id: UUID | str, *, sides: Mapping[str, Any]) -> Any:
        """Say whose side speakers are on. It is read anew. What a person confirmed or dismissed stays; the rest is
        proposed anew.
        """
        return self._operate(
            "PUT", "/transcripts/{transcript_id}/speakers", {"transcript_id": transcript_id}, {}, {"sides": sides}, ""
        )

    def confirm_finding(
        self,
        finding_id: UUID | str,
        *,
        text: str | _Unset | None = UNSET,
        due_on: str | _Unset | None = UNSET,
        who: Literal["us", "prospect"] | _Unset | None = UNSET,
    ) -> Any:
        """Take a finding over: a fact, and a task where one is due. Saying it twice changes nothing; 409 where it
        was dismissed, or a later reading does not find it any more.
        """
        return self._operate(
            "POST",
            "/findings/{finding_id}/confirm",
            {"finding_id": finding_id},
            {},
            {"text": text, "due_on": due_on, "who": who},
            "",
        )

    def dismiss_finding(self, finding_id: UUID | str) -> Any:
        """Leave a finding out, for good."""
        return self._operate("POST", "/findings/{finding_id}/dismiss", {"finding_id": finding_id}, {}, None, "")

    def ask_recap(self, meeting_id: UUID | str) -> Any:
        """Have a mail drafted of what was agreed. Of confirmed promises and next steps only. It waits for approval
        like any other; one a meeting.
        """
        return self._operate("POST", "/meetings/{meeting_id}/recap", {"meeting_id": meeting_id}, {}, None, "")

    def list_calendar_services(self, *, fields: str | _Unset = UNSET) -> Any:
        """Where calendars can be connected by signing in there."""
        return self._operate("GET", "/calendar-services", {}, {"fields": fields}, None, "")

    def list_calendar_connections(
        self,
        *,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        user_id: UUID | str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """Connected calendar accounts, by account. One's own; with `users:write` everybody's."""
        return self._operate(
            "GET",
            "/calendar-connections",
            {},
            {"limit": limit, "cursor": cursor, "user_id": user_id, "fields": fields},
            None,
            "",
        )

    def connect_calendar(
        self,
        *,
        url: str,
        username: str,
        password: str,
        address: str | _Unset = UNSET,
        user_id: UUID | str | _Unset | None = UNSET,
    ) -> Any:
        """Connect an account at a CalDAV server, or connect it again. The server is asked: up to a minute. Nothing
        is kept where it does not let us in. Google and Microsoft are connected by the person, in a browser: see
        `list_calendar_services`.
        """
        return self._operate(
            "POST",
            "/calendar-connections",
            {},
            {},
            {"url": url, "username": username, "password": password, "address": address, "user_id": user_id},
            "",
        )

    def get_calendar_connection(self, connection_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One account with its calendars."""
        return self._operate(
            "GET",
            "/calendar-connections/{connection_id}",
            {"connection_id": connection_id},
            {"fields": fields},
            None,
            "",
        )

    def disconnect_calendar(self, connection_id: UUID | str) -> Any:
        """Disconnect an account. What lets us in is forgotten, and nothing of it is read any more. What was booked
        stays, here and there.
        """
        return self._operate(
            "DELETE", "/calendar-connections/{connection_id}", {"connection_id": connection_id}, {}, None, ""
        )

    def check_calendar_connection(self, connection_id: UUID | str) -> Any:
        """Ask an account now for what is taken. Takes up to a minute. An account that was closed and is taken again
        goes on.
        """
        return self._operate(
            "POST", "/calendar-connections/{connection_id}/check", {"connection_id": connection_id}, {}, None, ""
        )

    def change_calendar(
        self,
        calendar_id: UUID | str,
        *,
        counts_busy: bool | _Unset | None = UNSET,
        gets_events: bool | _Unset | None = UNSET,
        makes_rooms: bool | _Unset | None = UNSET,
    ) -> Any:
        """Choose what a calendar is for."""
        return self._operate(
            "PATCH",
            "/calendars/{calendar_id}",
            {"calendar_id": calendar_id},
            {},
            {"counts_busy": counts_busy, "gets_events": gets_events, "makes_rooms": makes_rooms},
            "",
        )

    def get_availability(self, user_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """When a person can be met."""
        return self._operate("GET", "/users/{user_id}/availability", {"user_id": user_id}, {"fields": fields}, None, "")

    def set_availability(
        self,
        user_id: UUID | str,
        *,
        time_zone: str | _Unset | None = UNSET,
        working_hours: Mapping[str, Any] | _Unset | None = UNSET,
        buffer_before: int | _Unset = UNSET,
        buffer_after: int | _Unset = UNSET,
        grid: int | _Unset = UNSET,
        notice_hours: int | _Unset = UNSET,
        horizon_days: int | _Unset = UNSET,
        per_day: int | _Unset | None = UNSET,
        per_week: int | _Unset | None = UNSET,
        country: str | _Unset = UNSET,
        region: str | _Unset = UNSET,
        days_off: list[Any] | _Unset = UNSET,
        overrides: Mapping[str, Any] | _Unset = UNSET,
        out_of_office: list[Any] | _Unset = UNSET,
        if_match: str = "",
    ) -> Any:
        """Set when a person can be met."""
        return self._operate(
            "PUT",
            "/users/{user_id}/availability",
            {"user_id": user_id},
            {},
            {
                "time_zone": time_zone,
                "working_hours": working_hours,
                "buffer_before": buffer_before,
                "buffer_after": buffer_after,
                "grid": grid,
                "notice_hours": notice_hours,
                "horizon_days": horizon_days,
                "per_day": per_day,
                "per_week": per_week,
                "country": country,
                "region": region,
                "days_off": days_off,
                "overrides": overrides,
                "out_of_office": out_of_office,
            },
            if_match,
        )

    def list_free_times(self, user_id: UUID | str, *, limit: int | _Unset = UNSET, fields: str | _Unset = UNSET) -> Any:
        """A person's next free times, as prospects would see them. Calendars that were not asked within a minute are
        asked: up to a minute.
        """
        return self._operate(
            "GET", "/users/{user_id}/free-times", {"user_id": user_id}, {"limit": limit, "fields": fields}, None, ""
        )

    def list_pools(self, *, fields: str | _Unset = UNSET) -> Any:
        """Every pool: who shares out which leads, and what each was owed and paid."""
        return self._operate("GET", "/pools", {}, {"fields": fields}, None, "")

    def create_pool(
        self,
        *,
        name: str,
        active: bool | _Unset = UNSET,
        everyone: bool | _Unset = UNSET,
        icp_ids: list[Any] | _Unset = UNSET,
        minutes: int | _Unset | None = UNSET,
        ownership: Literal["ignore", "prefer", "require"] | _Unset = UNSET,
        owner_counts: bool | _Unset = UNSET,
        no_show_counts: bool | _Unset = UNSET,
        needs: list[Any] | _Unset = UNSET,
        members: list[Any] | _Unset | None = UNSET,
    ) -> Any:
        """Make a pool."""
        return self._operate(
            "POST",
            "/pools",
            {},
            {},
            {
                "name": name,
                "active": active,
                "everyone": everyone,
                "icp_ids": icp_ids,
                "minutes": minutes,
                "ownership": ownership,
                "owner_counts": owner_counts,
                "no_show_counts": no_show_counts,
                "needs": needs,
                "members": members,
            },
            "",
        )

    def get_pool(self, pool_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One pool."""
        return self._operate("GET", "/pools/{pool_id}", {"pool_id": pool_id}, {"fields": fields}, None, "")

    def set_pool(
        self,
        pool_id: UUID | str,
        *,
        name: str,
        active: bool | _Unset = UNSET,
        everyone: bool | _Unset = UNSET,
        icp_ids: list[Any] | _Unset = UNSET,
        minutes: int | _Unset | None = UNSET,
        ownership: Literal["ignore", "prefer", "require"] | _Unset = UNSET,
        owner_counts: bool | _Unset = UNSET,
        no_show_counts: bool | _Unset = UNSET,
        needs: list[Any] | _Unset = UNSET,
        members: list[Any] | _Unset | None = UNSET,
    ) -> Any:
        """Change a pool, whole; its ledger stays."""
        return self._operate(
            "PUT",
            "/pools/{pool_id}",
            {"pool_id": pool_id},
            {},
            {
                "name": name,
                "active": active,
                "everyone": everyone,
                "icp_ids": icp_ids,
                "minutes": minutes,
                "ownership": ownership,
                "owner_counts": owner_counts,
                "no_show_counts": no_show_counts,
                "needs": needs,
                "members": members,
            },
            "",
        )

    def delete_pool(self, pool_id: UUID | str) -> Any:
        """Delete a pool that never had a meeting."""
        return self._operate("DELETE", "/pools/{pool_id}", {"pool_id": pool_id}, {}, None, "")

    def set_pool_member(
        self,
        pool_id: UUID | str,
        user_id: UUID | str,
        *,
        weight: int | _Unset = UNSET,
        skills: list[Any] | _Unset = UNSET,
        active: bool | _Unset = UNSET,
    ) -> Any:
        """Add a person to a pool, or change what holds for them."""
        return self._operate(
            "PUT",
            "/pools/{pool_id}/members/{user_id}",
            {"pool_id": pool_id, "user_id": user_id},
            {},
            {"weight": weight, "skills": skills, "active": active},
            "",
        )

    def remove_pool_member(self, pool_id: UUID | str, user_id: UUID | str) -> Any:
        """Take a person out of a pool. Their coming meetings stay theirs until somebody hands them over."""
        return self._operate(
            "DELETE", "/pools/{pool_id}/members/{user_id}", {"pool_id": pool_id, "user_id": user_id}, {}, None, ""
        )

    def list_pool_ledger(
        self,
        pool_id: UUID | str,
        *,
        user_id: UUID | str | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """What was owed and paid, meeting by meeting, the newest first."""
        return self._operate(
            "GET",
            "/pools/{pool_id}/ledger",
            {"pool_id": pool_id},
            {"user_id": user_id, "limit": limit, "cursor": cursor, "fields": fields},
            None,
            "",
        )

    def hand_over_meetings(
        self,
        pool_id: UUID | str,
        *,
        from_user_id: UUID | str,
        to_user_id: UUID | str | _Unset | None = UNSET,
        meeting_ids: list[Any] | _Unset | None = UNSET,
    ) -> Any:
        """Give a member's coming meetings to others; each says to whom. Booked ones move to the other's calendar at
        the same time, and the invitation says whom they meet. What nobody can take stays, with the reason. Again:
        what was given is theirs no more.
        """
        return self._operate(
            "POST",
            "/pools/{pool_id}/hand-over",
            {"pool_id": pool_id},
            {},
            {"from_user_id": from_user_id, "to_user_id": to_user_id, "meeting_ids": meeting_ids},
            "",
        )

    def get_rooms(self, *, fields: str | _Unset = UNSET) -> Any:
        """Where meetings take place."""
        return self._operate("GET", "/rooms", {}, {"fields": fields}, None, "")

    def set_rooms(self, *, kind: Literal["none", "calendar", "zoom", "address"], address: str | _Unset = UNSET) -> Any:
        """Say where meetings take place, where a calendar says nothing else."""
        return self._operate("PUT", "/rooms", {}, {}, {"kind": kind, "address": address}, "")

    def connect_zoom(
        self, *, account_id: str, client_id: str, secret: str | _Unset | None = UNSET, host: str | _Unset = UNSET
    ) -> Any:
        """Keep a Zoom application; its secret is never shown again."""
        return self._operate(
            "PUT",
            "/rooms/zoom",
            {},
            {},
            {"account_id": account_id, "client_id": client_id, "secret": secret, "host": host},
            "",
        )

    def forget_zoom(self) -> Any:
        """Forget the Zoom application; rooms that were made stay."""
        return self._operate("DELETE", "/rooms/zoom", {}, {}, None, "")

    def check_zoom(self) -> Any:
        """Ask Zoom whether it lets us in."""
        return self._operate("POST", "/rooms/zoom/check", {}, {}, None, "")

    def set_calendar_rooms(
        self,
        calendar_id: UUID | str,
        *,
        kind: Literal["none", "calendar", "zoom", "address"] | None,
        address: str | _Unset = UNSET,
    ) -> Any:
        """Say where the meetings in one calendar take place."""
        return self._operate(
            "PUT",
            "/rooms/calendars/{calendar_id}",
            {"calendar_id": calendar_id},
            {},
            {"kind": kind, "address": address},
            "",
        )

    def count_suppressions(self, *, fields: str | _Unset = UNSET) -> Any:
        """How many addresses and domains are never written to."""
        return self._operate("GET", "/suppressions", {}, {"fields": fields}, None, "")

    def add_suppression(
        self,
        *,
        address: str | _Unset = UNSET,
        domain: str | _Unset = UNSET,
        company_id: UUID | str | _Unset | None = UNSET,
        reason: Literal["manual", "opt_out", "objection", "complaint"] | _Unset = UNSET,
    ) -> Any:
        """Never write to this address, domain or company again."""
        return self._operate(
            "POST",
            "/suppressions",
            {},
            {},
            {"address": address, "domain": domain, "company_id": company_id, "reason": reason},
            "",
        )

    def list_suppressions(
        self,
        *,
        kind: str | _Unset = UNSET,
        reason: str | _Unset = UNSET,
        domain: str | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """The list: keyed hashes with reason and source."""
        return self._operate(
            "GET",
            "/suppressions/entries",
            {},
            {"kind": kind, "reason": reason, "domain": domain, "limit": limit, "cursor": cursor, "fields": fields},
            None,
            "",
        )

    def import_suppressions(self, *, rows: list[Any], source: str | _Unset = UNSET) -> Any:
        """Never write to any of these again; a second time changes nothing."""
        return self._operate("POST", "/suppressions/batch", {}, {}, {"rows": rows, "source": source}, "")

    def release_suppression(
        self,
        *,
        why: Literal["mistake", "address_works_again", "new_consent", "test"],
        address: str | _Unset = UNSET,
        domain: str | _Unset = UNSET,
        company_id: UUID | str | _Unset | None = UNSET,
    ) -> Any:
        """Take one off the list, with a reason; never of who said no or was erased."""
        return self._operate(
            "POST",
            "/suppressions/release",
            {},
            {},
            {"address": address, "domain": domain, "company_id": company_id, "why": why},
            "",
        )

    def show_law(self, *, country: str | _Unset = UNSET, fields: str | _Unset = UNSET) -> Any:
        """The table of laws: what a first message asks for, by country and channel."""
        return self._operate("GET", "/law", {}, {"country": country, "fields": fields}, None, "")

    def list_legal_bases(self, contact_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """Why a contact may be written to, with every record."""
        return self._operate(
            "GET", "/contacts/{contact_id}/legal-bases", {"contact_id": contact_id}, {"fields": fields}, None, ""
        )

    def record_legal_basis(
        self,
        contact_id: UUID | str,
        *,
        basis: Literal["consent", "implied_consent", "soft_opt_in", "existing_customer", "legitimate_interest"],
        evidence: str,
        given_at: datetime | str,
        channel: Literal["mail", "phone", "sms", "linkedin"] | _Unset = UNSET,
        ground: Literal["", "inquiry", "purchase", "published"] | _Unset = UNSET,
        expires_at: datetime | str | _Unset | None = UNSET,
    ) -> Any:
        """Record a legal basis, with its evidence."""
        return self._operate(
            "POST",
            "/contacts/{contact_id}/legal-bases",
            {"contact_id": contact_id},
            {},
            {
                "basis": basis,
                "evidence": evidence,
                "given_at": given_at,
                "channel": channel,
                "ground": ground,
                "expires_at": expires_at,
            },
            "",
        )

    def withdraw_legal_bases(
        self,
        contact_id: UUID | str,
        *,
        channel: Literal["", "mail", "phone", "sms", "linkedin"] | _Unset = UNSET,
        basis_id: UUID | str | _Unset | None = UNSET,
    ) -> Any:
        """End what holds: they took it back."""
        return self._operate(
            "POST",
            "/contacts/{contact_id}/legal-bases/withdrawal",
            {"contact_id": contact_id},
            {},
            {"channel": channel, "basis_id": basis_id},
            "",
        )

    def import_legal_bases(self, *, rows: list[Any], source: str | _Unset = UNSET) -> Any:
        """Record legal bases of many contacts, by address; again changes nothing."""
        return self._operate("POST", "/legal-bases/batch", {}, {}, {"rows": rows, "source": source}, "")

    def list_mailboxes(
        self, *, limit: int | _Unset = UNSET, cursor: str | _Unset = UNSET, fields: str | _Unset = UNSET
    ) -> Any:
        """Mailboxes with their health, by address."""
        return self._operate("GET", "/mailboxes", {}, {"limit": limit, "cursor": cursor, "fields": fields}, None, "")

    def create_mailbox(
        self,
        *,
        address: str,
        display_name: str,
        user_id: UUID | str | _Unset | None = UNSET,
        transport: Literal["folder", "smtp", "gmail", "graph", "ses", "sendgrid"] | _Unset = UNSET,
        host: str | _Unset = UNSET,
        port: int | _Unset = UNSET,
        security: Literal["starttls", "tls", "none"] | _Unset = UNSET,
        username: str | _Unset = UNSET,
        password: str | _Unset = UNSET,
        inbox: Literal["folder", "imap", "gmail", "graph"] | _Unset = UNSET,
        inbox_host: str | _Unset = UNSET,
        inbox_port: int | _Unset = UNSET,
        daily_cap: int | _Unset = UNSET,
        warm_up: bool | _Unset = UNSET,
        connection: Mapping[str, Any] | _Unset | None = UNSET,
    ) -> Any:
        """Add a mailbox."""
        return self._operate(
            "POST",
            "/mailboxes",
            {},
            {},
            {
                "address": address,
                "user_id": user_id,
                "display_name": display_name,
                "transport": transport,
                "host": host,
                "port": port,
                "security": security,
                "username": username,
                "password": password,
                "inbox": inbox,
                "inbox_host": inbox_host,
                "inbox_port": inbox_port,
                "daily_cap": daily_cap,
                "warm_up": warm_up,
                "connection": connection,
            },
            "",
        )

    def get_mailbox(self, mailbox_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """The settings of a mailbox, but its password."""
        return self._operate("GET", "/mailboxes/{mailbox_id}", {"mailbox_id": mailbox_id}, {"fields": fields}, None, "")

    def update_mailbox(
        self,
        mailbox_id: UUID | str,
        *,
        display_name: str | _Unset | None = UNSET,
        transport: Literal["folder", "smtp", "gmail", "graph", "ses", "sendgrid"] | _Unset | None = UNSET,
        host: str | _Unset | None = UNSET,
        port: int | _Unset | None = UNSET,
        security: Literal["starttls", "tls", "none"] | _Unset | None = UNSET,
        username: str | _Unset | None = UNSET,
        password: str | _Unset | None = UNSET,
        inbox: Literal["folder", "imap", "gmail", "graph"] | _Unset | None = UNSET,
        inbox_host: str | _Unset | None = UNSET,
        inbox_port: int | _Unset | None = UNSET,
        daily_cap: int | _Unset | None = UNSET,
        warm_up: bool | _Unset | None = UNSET,
        connection: Mapping[str, Any] | _Unset | None = UNSET,
        if_match: str = "",
    ) -> Any:
        """Change the settings of a mailbox."""
        return self._operate(
            "PATCH",
            "/mailboxes/{mailbox_id}",
            {"mailbox_id": mailbox_id},
            {},
            {
                "display_name": display_name,
                "transport": transport,
                "host": host,
                "port": port,
                "security": security,
                "username": username,
                "password": password,
                "inbox": inbox,
                "inbox_host": inbox_host,
                "inbox_port": inbox_port,
                "daily_cap": daily_cap,
                "warm_up": warm_up,
                "connection": connection,
            },
            if_match,
        )

    def get_mailbox_health(self, mailbox_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """What a mailbox sent, what waits and what came back."""
        return self._operate(
            "GET", "/mailboxes/{mailbox_id}/health", {"mailbox_id": mailbox_id}, {"fields": fields}, None, ""
        )

    def pause_mailbox(self, mailbox_id: UUID | str, *, reason: str | _Unset = UNSET) -> Any:
        """Send nothing from it until it is resumed."""
        return self._operate(
            "POST", "/mailboxes/{mailbox_id}/pause", {"mailbox_id": mailbox_id}, {}, {"reason": reason}, ""
        )

    def resume_mailbox(self, mailbox_id: UUID | str) -> Any:
        """Let it send again."""
        return self._operate("POST", "/mailboxes/{mailbox_id}/resume", {"mailbox_id": mailbox_id}, {}, None, "")

    def check_mailbox(self, mailbox_id: UUID | str) -> Any:
        """Ask its servers or services whether they let us in. Nothing is sent. Takes up to 20 seconds. A connection
        that was closed and is taken again goes on.
        """
        return self._operate("POST", "/mailboxes/{mailbox_id}/check", {"mailbox_id": mailbox_id}, {}, None, "")

    def list_mail_domains(self) -> Any:
        """The domains of the mailboxes, with what was found about each."""
        return self._operate("GET", "/mail-domains", {}, {}, None, "")

    def get_mail_domain(self, domain: str, *, fields: str | _Unset = UNSET) -> Any:
        """What was found about a domain, and the records to publish."""
        return self._operate("GET", "/mail-domains/{domain}", {"domain": domain}, {"fields": fields}, None, "")

    def update_mail_domain(
        self,
        domain: str,
        *,
        selectors: list[Any] | _Unset | None = UNSET,
        sends_from: list[Any] | _Unset | None = UNSET,
        blocklists: list[Any] | _Unset | None = UNSET,
        ramp: Literal["steps", "gradual"] | _Unset | None = UNSET,
    ) -> Any:
        """What to look at of a domain, and how it is warmed up."""
        return self._operate(
            "PATCH",
            "/mail-domains/{domain}",
            {"domain": domain},
            {},
            {"selectors": selectors, "sends_from": sends_from, "blocklists": blocklists, "ramp": ramp},
            "",
        )

    def check_mail_domain(self, domain: str) -> Any:
        """Ask the DNS about a domain now. Takes seconds; every day it is asked anyway."""
        return self._operate("POST", "/mail-domains/{domain}/check", {"domain": domain}, {}, None, "")

    def get_mailbox_deliverability(self, mailbox_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """Domain, brakes, what came back, and the warm-up."""
        return self._operate(
            "GET", "/mailboxes/{mailbox_id}/deliverability", {"mailbox_id": mailbox_id}, {"fields": fields}, None, ""
        )

    def list_brakes(self, *, lifted: bool | _Unset = UNSET) -> Any:
        """Mailboxes and domains that send nothing because of what came back. The newest first, at most 200."""
        return self._operate("GET", "/brakes", {}, {"lifted": lifted}, None, "")

    def lift_brake(self, brake_id: UUID | str, *, reason: str) -> Any:
        """Let it send again; what was counted before counts no more."""
        return self._operate("POST", "/brakes/{brake_id}/lift", {"brake_id": brake_id}, {}, {"reason": reason}, "")

    def get_delivery_policy(self) -> Any:
        """What follows from each verdict of a server."""
        return self._operate("GET", "/delivery-policy", {}, {}, None, "")

    def why_not_sending(
        self,
        *,
        mailbox_id: UUID | str | _Unset = UNSET,
        lead_id: UUID | str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """Everything that stands between a planned touch and a sent mail. Of the workspace, of one mailbox, or of
        one lead; the worst first, each with how many mails it holds.
        """
        return self._operate(
            "GET", "/why-not-sending", {}, {"mailbox_id": mailbox_id, "lead_id": lead_id, "fields": fields}, None, ""
        )

    def send_plan(
        self, *, mailbox_id: UUID | str | _Unset = UNSET, by: str | _Unset = UNSET, fields: str | _Unset = UNSET
    ) -> Any:
        """When everything that is planned will have left. Projected over caps, warm-up, working hours, holidays,
        suppression, the law and approvals, day by day.
        """
        return self._operate("GET", "/send-plan", {}, {"mailbox_id": mailbox_id, "by": by, "fields": fields}, None, "")

    def list_planned_touches(
        self,
        *,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        mailbox_id: UUID | str | _Unset = UNSET,
        lead_id: UUID | str | _Unset = UNSET,
        rule: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """Each waiting mail: the day on which it leaves, or the rule that holds it. The first rule that keeps each
        from leaving now; in the order of the days on which they leave.
        """
        return self._operate(
            "GET",
            "/send-plan/touches",
            {},
            {
                "limit": limit,
                "cursor": cursor,
                "mailbox_id": mailbox_id,
                "lead_id": lead_id,
                "rule": rule,
                "fields": fields,
            },
            None,
            "",
        )

    def list_signing_keys(self, *, domain: str | _Unset = UNSET, fields: str | _Unset = UNSET) -> Any:
        """DKIM keys, the record to publish for each, and which of them sign."""
        return self._operate("GET", "/signing-keys", {}, {"domain": domain, "fields": fields}, None, "")

    def create_signing_key(self, *, domain: str, algorithm: Literal["rsa", "ed25519"] | _Unset = UNSET) -> Any:
        """Make a DKIM key; it signs once its record was seen."""
        return self._operate("POST", "/signing-keys", {}, {}, {"domain": domain, "algorithm": algorithm}, "")

    def check_signing_key(self, key_id: UUID | str) -> Any:
        """Look for the key's record in the DNS; seen, it signs."""
        return self._operate("POST", "/signing-keys/{key_id}/check", {"key_id": key_id}, {}, None, "")

    def list_seed_addresses(self) -> Any:
        """Addresses of yours whose folders are looked into."""
        return self._operate("GET", "/seed-addresses", {}, {}, None, "")

    def add_seed_address(
        self,
        *,
        address: str,
        provider: str,
        host: str,
        password: str,
        port: int | _Unset = UNSET,
        username: str | _Unset = UNSET,
    ) -> Any:
        """Add an address of yours at a provider. Its folders are read once before it is kept; takes seconds."""
        return self._operate(
            "POST",
            "/seed-addresses",
            {},
            {},
            {
                "address": address,
                "provider": provider,
                "host": host,
                "port": port,
                "username": username,
                "password": password,
            },
            "",
        )

    def remove_seed_address(self, seed_id: UUID | str) -> Any:
        """Remove a seed; what was found there stays."""
        return self._operate("DELETE", "/seed-addresses/{seed_id}", {"seed_id": seed_id}, {}, None, "")

    def list_placement_tests(self, mailbox_id: UUID | str) -> Any:
        """Where test mails of a mailbox landed, the newest ten."""
        return self._operate("GET", "/mailboxes/{mailbox_id}/placement-tests", {"mailbox_id": mailbox_id}, {}, None, "")

    def start_placement_test(
        self,
        mailbox_id: UUID | str,
        *,
        template: Literal["", "first_mail", "follow_up"] | _Unset = UNSET,
        subject: str | _Unset = UNSET,
        body: str | _Unset = UNSET,
        seed_ids: list[Any] | _Unset = UNSET,
    ) -> Any:
        """Send a test mail to each seed, and see where it lands. Each mail counts as sent today. It leaves by the
        outbox, and is looked for each minute, for an hour at most.
        """
        return self._operate(
            "POST",
            "/mailboxes/{mailbox_id}/placement-tests",
            {"mailbox_id": mailbox_id},
            {},
            {"template": template, "subject": subject, "body": body, "seed_ids": seed_ids},
            "",
        )

    def get_placement_test(self, test_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One placement test, mail by mail."""
        return self._operate("GET", "/placement-tests/{test_id}", {"test_id": test_id}, {"fields": fields}, None, "")

    def get_policy(self, *, fields: str | _Unset = UNSET) -> Any:
        """The policy in force."""
        return self._operate("GET", "/policy", {}, {"fields": fields}, None, "")

    def put_policy(
        self,
        *,
        kill_switch: bool | _Unset = UNSET,
        autonomy: Mapping[str, Any] | _Unset = UNSET,
        contacts_per_company: int | _Unset = UNSET,
        weekly_tier1_capacity: int | _Unset | None = UNSET,
        window_start_hour: int | _Unset = UNSET,
        window_end_hour: int | _Unset = UNSET,
        touches_per_contact: int | _Unset = UNSET,
        touches_per_company: int | _Unset = UNSET,
        touch_budget_days: int | _Unset = UNSET,
        same_sender_per_company: bool | _Unset = UNSET,
        resume_after_colleague_days: int | _Unset | None = UNSET,
        resume_undecided_days: int | _Unset | None = UNSET,
        reentry_days: int | _Unset | None = UNSET,
        reentry_needs_signal: bool | _Unset = UNSET,
        track_clicks: bool | _Unset = UNSET,
        track_opens: bool | _Unset = UNSET,
        legitimate_interest_assessment: str | _Unset = UNSET,
        buy_data: bool | _Unset = UNSET,
        right_tier_worth_minor: int | _Unset = UNSET,
        company_data_ceiling_minor: int | _Unset = UNSET,
        guess_at_catch_all: bool | _Unset = UNSET,
        replies: Mapping[str, Any] | _Unset = UNSET,
        model_reads_replies: bool | _Unset = UNSET,
        blocking_notes: list[Any] | _Unset = UNSET,
        hold_hours: int | _Unset = UNSET,
        meeting_minutes: int | _Unset = UNSET,
        if_match: str = "",
    ) -> Any:
        """Put a policy in force, as a new version. Mails that were approved under the version before are drafted and
        approved again.
        """
        return self._operate(
            "PUT",
            "/policy",
            {},
            {},
            {
                "kill_switch": kill_switch,
                "autonomy": autonomy,
                "contacts_per_company": contacts_per_company,
                "weekly_tier1_capacity": weekly_tier1_capacity,
                "window_start_hour": window_start_hour,
                "window_end_hour": window_end_hour,
                "touches_per_contact": touches_per_contact,
                "touches_per_company": touches_per_company,
                "touch_budget_days": touch_budget_days,
                "same_sender_per_company": same_sender_per_company,
                "resume_after_colleague_days": resume_after_colleague_days,
                "resume_undecided_days": resume_undecided_days,
                "reentry_days": reentry_days,
                "reentry_needs_signal": reentry_needs_signal,
                "track_clicks": track_clicks,
                "track_opens": track_opens,
                "legitimate_interest_assessment": legitimate_interest_assessment,
                "buy_data": buy_data,
                "right_tier_worth_minor": right_tier_worth_minor,
                "company_data_ceiling_minor": company_data_ceiling_minor,
                "guess_at_catch_all": guess_at_catch_all,
                "replies": replies,
                "model_reads_replies": model_reads_replies,
                "blocking_notes": blocking_notes,
                "hold_hours": hold_hours,
                "meeting_minutes": meeting_minutes,
            },
            if_match,
        )

    def put_kill_switch(self, *, on: bool) -> Any:
        """Stop everything, or let it go on."""
        return self._operate("PUT", "/policy/kill-switch", {}, {}, {"on": on}, "")

    def list_policy_versions(
        self, *, limit: int | _Unset = UNSET, cursor: str | _Unset = UNSET, fields: str | _Unset = UNSET
    ) -> Any:
        """Every version, the newest first, with what it changed."""
        return self._operate(
            "GET", "/policy/versions", {}, {"limit": limit, "cursor": cursor, "fields": fields}, None, ""
        )

    def get_policy_version(self, number: int, *, fields: str | _Unset = UNSET) -> Any:
        """One version of the policy."""
        return self._operate("GET", "/policy/versions/{number}", {"number": number}, {"fields": fields}, None, "")

    def restore_policy_version(self, number: int) -> Any:
        """Put what a version said in force again. As a new version. The kill switch stays as it is."""
        return self._operate("POST", "/policy/versions/{number}/restore", {"number": number}, {}, None, "")

    def list_budgets(self, *, fields: str | _Unset = UNSET) -> Any:
        """Ceilings: of months, the newest first, then of runs."""
        return self._operate("GET", "/budgets", {}, {"fields": fields}, None, "")

    def get_budget(self, scope: str, *, fields: str | _Unset = UNSET) -> Any:
        """One ceiling, with what is spent and set aside under it."""
        return self._operate("GET", "/budgets/{scope}", {"scope": scope}, {"fields": fields}, None, "")

    def put_budget(self, scope: str, *, limit_micros: int, if_match: str = "") -> Any:
        """Set a ceiling: of a month, of a provider in it, or of a run."""
        return self._operate("PUT", "/budgets/{scope}", {"scope": scope}, {}, {"limit_micros": limit_micros}, if_match)

    def get_spend(
        self,
        *,
        by: Literal["provider", "purpose", "run", "day"] | _Unset = UNSET,
        since: datetime | str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """What was spent, by provider, purpose, run or day."""
        return self._operate("GET", "/spend", {}, {"by": by, "since": since, "fields": fields}, None, "")

    def list_vendors(self, *, fields: str | _Unset = UNSET) -> Any:
        """Every vendor of data, with this workspace's account at it."""
        return self._operate("GET", "/vendors", {}, {"fields": fields}, None, "")

    def put_vendor(
        self,
        name: str,
        *,
        key: str | _Unset | None = UNSET,
        options: Mapping[str, Any] | _Unset = UNSET,
        credit_micros: int | _Unset = UNSET,
    ) -> Any:
        """Make or change an account at a vendor; its key is never shown again."""
        return self._operate(
            "PUT",
            "/vendors/{name}",
            {"name": name},
            {},
            {"key": key, "options": options, "credit_micros": credit_micros},
            "",
        )

    def delete_vendor(self, name: str) -> Any:
        """Forget an account and its key."""
        return self._operate("DELETE", "/vendors/{name}", {"name": name}, {}, None, "")

    def switch_vendor(self, name: str, *, on: bool) -> Any:
        """Let agents ask a vendor, or stop them; what was bought stays."""
        return self._operate("POST", "/vendors/{name}/switch", {"name": name}, {}, {"on": on}, "")

    def get_data_spend(
        self,
        *,
        run_id: UUID | str | _Unset = UNSET,
        since: datetime | str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """What each provider of data brought for its money, and which companies cost most."""
        return self._operate("GET", "/data-spend", {}, {"run_id": run_id, "since": since, "fields": fields}, None, "")

    def list_audit(
        self,
        *,
        actor: str | _Unset = UNSET,
        action: str | _Unset = UNSET,
        subject: str | _Unset = UNSET,
        since: datetime | str | _Unset = UNSET,
        until: datetime | str | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """What was done, by whom, the newest first."""
        return self._operate(
            "GET",
            "/audit",
            {},
            {
                "actor": actor,
                "action": action,
                "subject": subject,
                "since": since,
                "until": until,
                "limit": limit,
                "cursor": cursor,
                "fields": fields,
            },
            None,
            "",
        )

    def verify_audit(self, *, after_seq: int | _Unset = UNSET, after_hash: str | _Unset = UNSET) -> Any:
        """Compute the chain's hashes again: is it whole? Up to 20,000 entries a request; `done` says whether more
        follow. A chain that was cut off at its end looks whole here: `salesos doctor` compares it with the signed
        anchors that are kept outside of the database.
        """
        return self._operate("POST", "/audit/verify", {}, {}, {"after_seq": after_seq, "after_hash": after_hash}, "")

    def export_audit(
        self,
        *,
        actor: str | _Unset = UNSET,
        action: str | _Unset = UNSET,
        subject: str | _Unset = UNSET,
        since: datetime | str | _Unset = UNSET,
        until: datetime | str | _Unset = UNSET,
    ) -> Any:
        """The chain as JSON Lines, the oldest first."""
        return self._operate(
            "GET",
            "/audit/export",
            {},
            {"actor": actor, "action": action, "subject": subject, "since": since, "until": until},
            None,
            "",
        )

    def list_alerts(
        self,
        *,
        seen: bool | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """Alerts, the newest first."""
        return self._operate(
            "GET", "/alerts", {}, {"seen": seen, "limit": limit, "cursor": cursor, "fields": fields}, None, ""
        )

    def see_alert(self, alert_id: UUID | str) -> Any:
        """Somebody has seen this alert."""
        return self._operate("POST", "/alerts/{alert_id}/seen", {"alert_id": alert_id}, {}, None, "")

    def list_events(
        self,
        *,
        type: list[Any] | _Unset = UNSET,
        subject_id: UUID | str | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """What happened, oldest first."""
        return self._operate(
            "GET",
            "/events",
            {},
            {"type": type, "subject_id": subject_id, "limit": limit, "cursor": cursor, "fields": fields},
            None,
            "",
        )

    def list_event_types(self) -> Any:
        """The types of events, and the shape of each one's data."""
        return self._operate("GET", "/event-types", {}, {}, None, "")

    def list_users(
        self, *, limit: int | _Unset = UNSET, cursor: str | _Unset = UNSET, fields: str | _Unset = UNSET
    ) -> Any:
        """Who may sign in, by address; needs users:write."""
        return self._operate("GET", "/users", {}, {"limit": limit, "cursor": cursor, "fields": fields}, None, "")

    def get_user(self, user_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One person."""
        return self._operate("GET", "/users/{user_id}", {"user_id": user_id}, {"fields": fields}, None, "")

    def change_user(
        self,
        user_id: UUID | str,
        *,
        role: Literal["admin", "executive", "manager", "rep", "sales_ops", "csm", "marketing", "viewer"]
        | _Unset
        | None = UNSET,
        active: bool | _Unset | None = UNSET,
        if_match: str = "",
    ) -> Any:
        """Change the role, deactivate or reactivate; ends their sessions."""
        return self._operate(
            "PATCH", "/users/{user_id}", {"user_id": user_id}, {}, {"role": role, "active": active}, if_match
        )

    def reset_second_factor(self, user_id: UUID | str) -> Any:
        """Turn off the second factor of somebody who lost it."""
        return self._operate("POST", "/users/{user_id}/second-factor/reset", {"user_id": user_id}, {}, None, "")

    def list_invitations(
        self,
        *,
        open_only: bool | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """Invitations and links for passwords, the newest first; needs users:write."""
        return self._operate(
            "GET",
            "/invitations",
            {},
            {"open_only": open_only, "limit": limit, "cursor": cursor, "fields": fields},
            None,
            "",
        )

    def create_invitation(
        self,
        *,
        email: str,
        role: Literal["admin", "executive", "manager", "rep", "sales_ops", "csm", "marketing", "viewer"],
        name: str | _Unset = UNSET,
    ) -> Any:
        """Invite somebody; the link is in this answer only."""
        return self._operate("POST", "/invitations", {}, {}, {"email": email, "role": role, "name": name}, "")

    def renew_invitation_link(self, invitation_id: UUID | str) -> Any:
        """Another link for another seven days; the old one ends."""
        return self._operate(
            "POST", "/invitations/{invitation_id}/link", {"invitation_id": invitation_id}, {}, None, ""
        )

    def revoke_invitation(self, invitation_id: UUID | str) -> Any:
        """The link ends, at once."""
        return self._operate(
            "POST", "/invitations/{invitation_id}/revoke", {"invitation_id": invitation_id}, {}, None, ""
        )

    def create_password_link(self, user_id: UUID | str) -> Any:
        """A link with which this person chooses a new password."""
        return self._operate("POST", "/users/{user_id}/password-link", {"user_id": user_id}, {}, None, "")

    def list_api_keys(
        self,
        *,
        kind: Literal["personal", "service"] | _Unset = UNSET,
        mine: bool | _Unset = UNSET,
        live: bool | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """One's own keys; with users:write everybody's."""
        return self._operate(
            "GET",
            "/api-keys",
            {},
            {"kind": kind, "mine": mine, "live": live, "limit": limit, "cursor": cursor, "fields": fields},
            None,
            "",
        )

    def create_api_key(
        self,
        *,
        name: str,
        scopes: list[Any],
        kind: Literal["personal", "service"] | _Unset = UNSET,
        expires_at: datetime | str | _Unset | None = UNSET,
    ) -> Any:
        """Make a key; it is in this answer only."""
        return self._operate(
            "POST", "/api-keys", {}, {}, {"name": name, "scopes": scopes, "kind": kind, "expires_at": expires_at}, ""
        )

    def revoke_api_key(self, key_id: UUID | str) -> Any:
        """The key ends, at once."""
        return self._operate("POST", "/api-keys/{key_id}/revoke", {"key_id": key_id}, {}, None, "")

    def get_sso(self, *, fields: str | _Unset = UNSET) -> Any:
        """How people sign in with the company's provider; needs users:write."""
        return self._operate("GET", "/sso", {}, {"fields": fields}, None, "")

    def put_sso(
        self,
        *,
        issuer: str,
        client_id: str,
        email_domains: list[Any],
        client_secret: str | _Unset | None = UNSET,
        new_user_role: Literal["admin", "executive", "manager", "rep", "sales_ops", "csm", "marketing", "viewer"]
        | _Unset
        | None = UNSET,
        required: bool | _Unset = UNSET,
        if_match: str = "",
    ) -> Any:
        """Set single sign-on up, or change it. Nothing is asked of the provider: `POST /sso/test` does."""
        return self._operate(
            "PUT",
            "/sso",
            {},
            {},
            {
                "issuer": issuer,
                "client_id": client_id,
                "client_secret": client_secret,
                "email_domains": email_domains,
                "new_user_role": new_user_role,
                "required": required,
            },
            if_match,
        )

    def delete_sso(self) -> Any:
        """Take single sign-on away. Open sessions go on. People without a password cannot sign in until they have
        one.
        """
        return self._operate("DELETE", "/sso", {}, {}, None, "")

    def test_sso(self) -> Any:
        """Ask the provider for its description and keys now. Takes up to ten seconds."""
        return self._operate("POST", "/sso/test", {}, {}, None, "")

    def loosen_sso(self, user_id: UUID | str) -> Any:
        """Loosen a person from their account at the provider. The next single sign-on with their address links them
        anew.
        """
        return self._operate("DELETE", "/users/{user_id}/sso", {"user_id": user_id}, {}, None, "")

    def list_webhooks(
        self, *, limit: int | _Unset = UNSET, cursor: str | _Unset = UNSET, fields: str | _Unset = UNSET
    ) -> Any:
        """Webhook endpoints."""
        return self._operate("GET", "/webhooks", {}, {"limit": limit, "cursor": cursor, "fields": fields}, None, "")

    def create_webhook(self, *, url: str, description: str | _Unset = UNSET, types: list[Any] | _Unset = UNSET) -> Any:
        """Make an endpoint; its secret is shown this once."""
        return self._operate("POST", "/webhooks", {}, {}, {"url": url, "description": description, "types": types}, "")

    def get_webhook(self, endpoint_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One endpoint."""
        return self._operate(
            "GET", "/webhooks/{endpoint_id}", {"endpoint_id": endpoint_id}, {"fields": fields}, None, ""
        )

    def edit_webhook(
        self,
        endpoint_id: UUID | str,
        *,
        url: str | _Unset | None = UNSET,
        description: str | _Unset | None = UNSET,
        types: list[Any] | _Unset | None = UNSET,
        if_match: str = "",
    ) -> Any:
        """Change an endpoint."""
        return self._operate(
            "PATCH",
            "/webhooks/{endpoint_id}",
            {"endpoint_id": endpoint_id},
            {},
            {"url": url, "description": description, "types": types},
            if_match,
        )

    def delete_webhook(self, endpoint_id: UUID | str) -> Any:
        """Delete an endpoint with its log."""
        return self._operate("DELETE", "/webhooks/{endpoint_id}", {"endpoint_id": endpoint_id}, {}, None, "")

    def pause_webhook(self, endpoint_id: UUID | str) -> Any:
        """Send nothing for now; what happens waits."""
        return self._operate("POST", "/webhooks/{endpoint_id}/pause", {"endpoint_id": endpoint_id}, {}, None, "")

    def resume_webhook(self, endpoint_id: UUID | str, *, body: Mapping[str, Any]) -> Any:
        """Go on, with what waits or from now on."""
        return self._operate("POST", "/webhooks/{endpoint_id}/resume", {"endpoint_id": endpoint_id}, {}, body, "")

    def rotate_webhook_secret(self, endpoint_id: UUID | str) -> Any:
        """A new secret; for 24 hours both sign."""
        return self._operate(
            "POST", "/webhooks/{endpoint_id}/rotate-secret", {"endpoint_id": endpoint_id}, {}, None, ""
        )

    def test_webhook(self, endpoint_id: UUID | str) -> Any:
        """Send a test; the log shows what came of it."""
        return self._operate("POST", "/webhooks/{endpoint_id}/test", {"endpoint_id": endpoint_id}, {}, None, "")

    def list_webhook_deliveries(
        self,
        endpoint_id: UUID | str,
        *,
        state: list[Any] | _Unset = UNSET,
        since: datetime | str | _Unset = UNSET,
        event_seq: int | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """What was sent, with every try; the newest first."""
        return self._operate(
            "GET",
            "/webhooks/{endpoint_id}/deliveries",
            {"endpoint_id": endpoint_id},
            {
                "state": state,
                "since": since,
                "event_seq": event_seq,
                "limit": limit,
                "cursor": cursor,
                "fields": fields,
            },
            None,
            "",
        )

    def get_webhook_delivery(
        self, endpoint_id: UUID | str, delivery_id: UUID | str, *, fields: str | _Unset = UNSET
    ) -> Any:
        """One delivery."""
        return self._operate(
            "GET",
            "/webhooks/{endpoint_id}/deliveries/{delivery_id}",
            {"endpoint_id": endpoint_id, "delivery_id": delivery_id},
            {"fields": fields},
            None,
            "",
        )

    def replay_webhook_delivery(self, endpoint_id: UUID | str, delivery_id: UUID | str) -> Any:
        """Send one again, under the same id."""
        return self._operate(
            "POST",
            "/webhooks/{endpoint_id}/deliveries/{delivery_id}/replay",
            {"endpoint_id": endpoint_id, "delivery_id": delivery_id},
            {},
            None,
            "",
        )

    def replay_webhook(
        self,
        endpoint_id: UUID | str,
        *,
        since: datetime | str,
        until: datetime | str | _Unset | None = UNSET,
        only_failed: bool | _Unset = UNSET,
    ) -> Any:
        """Send again what happened since a time."""
        return self._operate(
            "POST",
            "/webhooks/{endpoint_id}/replay",
            {"endpoint_id": endpoint_id},
            {},
            {"since": since, "until": until, "only_failed": only_failed},
            "",
        )

    def list_notice_channels(self, *, fields: str | _Unset = UNSET) -> Any:
        """Channels that the team is told in."""
        return self._operate("GET", "/notice-channels", {}, {"fields": fields}, None, "")

    def create_notice_channel(
        self,
        *,
        name: str,
        service: Literal["slack_webhook", "slack_bot", "teams_workflow"],
        secret: str,
        destination: str | _Unset = UNSET,
        kinds: list[Any] | _Unset = UNSET,
        detail: Literal["company", "kind"] | _Unset = UNSET,
    ) -> Any:
        """Tell the team in a channel, from now on."""
        return self._operate(
            "POST",
            "/notice-channels",
            {},
            {},
            {
                "name": name,
                "service": service,
                "secret": secret,
                "destination": destination,
                "kinds": kinds,
                "detail": detail,
            },
            "",
        )

    def get_notice_channel(self, channel_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One channel."""
        return self._operate(
            "GET", "/notice-channels/{channel_id}", {"channel_id": channel_id}, {"fields": fields}, None, ""
        )

    def update_notice_channel(
        self,
        channel_id: UUID | str,
        *,
        name: str | _Unset | None = UNSET,
        secret: str | _Unset | None = UNSET,
        kinds: list[Any] | _Unset | None = UNSET,
        detail: Literal["company", "kind"] | _Unset | None = UNSET,
    ) -> Any:
        """Change what a channel is told, or its key."""
        return self._operate(
            "PATCH",
            "/notice-channels/{channel_id}",
            {"channel_id": channel_id},
            {},
            {"name": name, "secret": secret, "kinds": kinds, "detail": detail},
            "",
        )

    def delete_notice_channel(self, channel_id: UUID | str) -> Any:
        """Delete a channel, its key and its log."""
        return self._operate("DELETE", "/notice-channels/{channel_id}", {"channel_id": channel_id}, {}, None, "")

    def pause_notice_channel(self, channel_id: UUID | str) -> Any:
        """Tell nothing there for now."""
        return self._operate("POST", "/notice-channels/{channel_id}/pause", {"channel_id": channel_id}, {}, None, "")

    def resume_notice_channel(self, channel_id: UUID | str) -> Any:
        """Tell again what happens from now on."""
        return self._operate("POST", "/notice-channels/{channel_id}/resume", {"channel_id": channel_id}, {}, None, "")

    def test_notice_channel(self, channel_id: UUID | str) -> Any:
        """Say a test there."""
        return self._operate("POST", "/notice-channels/{channel_id}/test", {"channel_id": channel_id}, {}, None, "")

    def list_notices(
        self,
        channel_id: UUID | str,
        *,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """What a channel was told, the newest first."""
        return self._operate(
            "GET",
            "/notice-channels/{channel_id}/notices",
            {"channel_id": channel_id},
            {"limit": limit, "cursor": cursor, "fields": fields},
            None,
            "",
        )

    def list_telephony_accounts(self, *, fields: str | _Unset = UNSET) -> Any:
        """Accounts for texts and calls."""
        return self._operate("GET", "/telephony-accounts", {}, {"fields": fields}, None, "")

    def create_telephony_account(
        self,
        *,
        name: str,
        account_sid: str,
        secret: str,
        vendor: Literal["twilio"] | _Unset = UNSET,
        key_sid: str | _Unset = UNSET,
        auth_token: str | _Unset = UNSET,
        sender: str | _Unset = UNSET,
        service_sid: str | _Unset = UNSET,
        daily_texts: int | _Unset = UNSET,
        daily_calls: int | _Unset = UNSET,
        text_cost_micros: int | _Unset = UNSET,
        call_cost_micros: int | _Unset = UNSET,
    ) -> Any:
        """Connect an account; nothing is sent by that."""
        return self._operate(
            "POST",
            "/telephony-accounts",
            {},
            {},
            {
                "vendor": vendor,
                "name": name,
                "account_sid": account_sid,
                "secret": secret,
                "key_sid": key_sid,
                "auth_token": auth_token,
                "sender": sender,
                "service_sid": service_sid,
                "daily_texts": daily_texts,
                "daily_calls": daily_calls,
                "text_cost_micros": text_cost_micros,
                "call_cost_micros": call_cost_micros,
            },
            "",
        )

    def get_telephony_account(self, account_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One account."""
        return self._operate(
            "GET", "/telephony-accounts/{account_id}", {"account_id": account_id}, {"fields": fields}, None, ""
        )

    def update_telephony_account(
        self,
        account_id: UUID | str,
        *,
        name: str | _Unset | None = UNSET,
        secret: str | _Unset | None = UNSET,
        auth_token: str | _Unset | None = UNSET,
        sender: str | _Unset | None = UNSET,
        service_sid: str | _Unset | None = UNSET,
        daily_texts: int | _Unset | None = UNSET,
        daily_calls: int | _Unset | None = UNSET,
        text_cost_micros: int | _Unset | None = UNSET,
        call_cost_micros: int | _Unset | None = UNSET,
    ) -> Any:
        """Another key, number, cap or price."""
        return self._operate(
            "PATCH",
            "/telephony-accounts/{account_id}",
            {"account_id": account_id},
            {},
            {
                "name": name,
                "secret": secret,
                "auth_token": auth_token,
                "sender": sender,
                "service_sid": service_sid,
                "daily_texts": daily_texts,
                "daily_calls": daily_calls,
                "text_cost_micros": text_cost_micros,
                "call_cost_micros": call_cost_micros,
            },
            "",
        )

    def delete_telephony_account(self, account_id: UUID | str) -> Any:
        """Delete an account and its key."""
        return self._operate("DELETE", "/telephony-accounts/{account_id}", {"account_id": account_id}, {}, None, "")

    def pause_telephony_account(self, account_id: UUID | str) -> Any:
        """Nothing leaves through it for now."""
        return self._operate("POST", "/telephony-accounts/{account_id}/pause", {"account_id": account_id}, {}, None, "")

    def resume_telephony_account(self, account_id: UUID | str) -> Any:
        """It is used again."""
        return self._operate(
            "POST", "/telephony-accounts/{account_id}/resume", {"account_id": account_id}, {}, None, ""
        )

    def check_telephony_account(self, account_id: UUID | str) -> Any:
        """Ask the vendor whether it lets us in."""
        return self._operate("POST", "/telephony-accounts/{account_id}/check", {"account_id": account_id}, {}, None, "")

    def preview_task_outgoing(self, task_id: UUID | str, *, body: str | _Unset | None = UNSET) -> Any:
        """What text or call would leave from a task, word by word."""
        return self._operate("POST", "/tasks/{task_id}/outgoing", {"task_id": task_id}, {}, {"body": body}, "")

    def send_task(self, task_id: UUID | str, *, digest: str, body: str | _Unset | None = UNSET) -> Any:
        """Let exactly this text or call of a task out."""
        return self._operate(
            "POST", "/tasks/{task_id}/send", {"task_id": task_id}, {}, {"digest": digest, "body": body}, ""
        )

    def get_my_phone(self, *, fields: str | _Unset = UNSET) -> Any:
        """Which phone rings first in your calls."""
        return self._operate("GET", "/me/phone", {}, {"fields": fields}, None, "")

    def set_my_phone(self, *, number: str) -> Any:
        """Say which phone rings first in your calls."""
        return self._operate("PUT", "/me/phone", {}, {}, {"number": number}, "")

    def list_inbound_endpoints(self, *, fields: str | _Unset = UNSET) -> Any:
        """Where vendors post what they tell."""
        return self._operate("GET", "/inbound-endpoints", {}, {"fields": fields}, None, "")

    def create_inbound_endpoint(self, *, vendor: str, secret: str) -> Any:
        """Make an address that a vendor may post to."""
        return self._operate("POST", "/inbound-endpoints", {}, {}, {"vendor": vendor, "secret": secret}, "")

    def change_inbound_endpoint(self, endpoint_id: UUID | str, *, secret: str) -> Any:
        """Another key; the address stays."""
        return self._operate(
            "PATCH", "/inbound-endpoints/{endpoint_id}", {"endpoint_id": endpoint_id}, {}, {"secret": secret}, ""
        )

    def delete_inbound_endpoint(self, endpoint_id: UUID | str) -> Any:
        """Close an address; what came stays."""
        return self._operate("DELETE", "/inbound-endpoints/{endpoint_id}", {"endpoint_id": endpoint_id}, {}, None, "")

    def list_inbound_events(
        self,
        *,
        state: list[Any] | _Unset = UNSET,
        vendor: str | _Unset = UNSET,
        limit: int | _Unset = UNSET,
        cursor: str | _Unset = UNSET,
        fields: str | _Unset = UNSET,
    ) -> Any:
        """What vendors told, with how it ended; the newest first."""
        return self._operate(
            "GET",
            "/inbound-events",
            {},
            {"state": state, "vendor": vendor, "limit": limit, "cursor": cursor, "fields": fields},
            None,
            "",
        )

    def get_inbound_event(self, event_id: UUID | str, *, fields: str | _Unset = UNSET) -> Any:
        """One event, as it came."""
        return self._operate("GET", "/inbound-events/{event_id}", {"event_id": event_id}, {"fields": fields}, None, "")

    def replay_inbound_event(self, event_id: UUID | str, *, message: str | _Unset = UNSET) -> Any:
        """Try a dead letter again."""
        return self._operate(
            "POST", "/inbound-events/{event_id}/replay", {"event_id": event_id}, {}, {"message": message}, ""
        )

    def replay_inbound_events(self, *, vendor: str | _Unset = UNSET) -> Any:
        """Try every dead letter again."""
        return self._operate("POST", "/inbound-events/replay", {}, {}, {"vendor": vendor}, "")

    def get_workspace(self, *, fields: str | _Unset = UNSET) -> Any:
        """The workspace: name, address, money and offer."""
        return self._operate("GET", "/workspace", {}, {"fields": fields}, None, "")

    def change_workspace(
        self,
        *,
        name: str | _Unset | None = UNSET,
        postal_address: str | _Unset | None = UNSET,
        country: str | _Unset | None = UNSET,
        time_zone: str | _Unset | None = UNSET,
        currency: str | _Unset | None = UNSET,
        deal_value_minor: int | _Unset | None = UNSET,
        preparation_hour: int | _Unset | None = UNSET,
        preparation_hours_before: int | _Unset | None = UNSET,
        offer: Mapping[str, Any] | _Unset | None = UNSET,
        if_match: str = "",
    ) -> Any:
        """Change the workspace's settings. Mails that are drafted from now on go by it. Drafts that wait stay as
        they are written.
        """
        return self._operate(
            "PATCH",
            "/workspace",
            {},
            {},
            {
                "name": name,
                "postal_address": postal_address,
                "country": country,
                "time_zone": time_zone,
                "currency": currency,
                "deal_value_minor": deal_value_minor,
                "preparation_hour": preparation_hour,
                "preparation_hours_before": preparation_hours_before,
                "offer": offer,
            },
            if_match,
        )

    def get_server(self, *, fields: str | _Unset = UNSET) -> Any:
        """How this server is set up: what leaves, what writes, where rows lie."""
        return self._operate("GET", "/server", {}, {"fields": fields}, None, "")

    def get_setup(self, *, fields: str | _Unset = UNSET) -> Any:
        """The steps to the first approved mail, and where they stand."""
        return self._operate("GET", "/setup", {}, {"fields": fields}, None, "")

    def import_sample_data(self) -> Any:
        """Take in invented companies and people, to try it with. They live on `.example` domains, where nobody does.
        The same again changes nothing. Refused where mail leaves.
        """
        return self._operate("POST", "/setup/sample-data", {}, {}, None, "")

    def draft_ahead(self) -> Any:
        """Have the first mails of the best leads drafted now. To be read and approved before their time; they still
        leave in their recipients' working hours only.
        """
        return self._operate("POST", "/setup/first-drafts", {}, {}, None, "")
