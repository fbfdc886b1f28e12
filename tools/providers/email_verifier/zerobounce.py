"""Whether mailboxes exist, by ZeroBounce; asked after our own checks, about what they left open."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tools.ports import EmailStatus, EmailVerdict, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.batches import ask_batches
from tools.providers.vendor.loose import Flag, Loose
from tools.providers.vendor.zerobounce import BATCH, BATCH_SECONDS, connect

_STATUS = {
    "valid": EmailStatus.VALID,
    "invalid": EmailStatus.INVALID,
    "catch-all": EmailStatus.RISKY,
    "spamtrap": EmailStatus.INVALID,
    "abuse": EmailStatus.INVALID,  # its owner reports mail as spam: deliverable, and never to be written to
    "do_not_mail": EmailStatus.INVALID,
}
# Of "do_not_mail", what is no reason never to write: a desk instead of a person, a server that only forwards.
_RISKY = frozenset({"role_based", "role_based_catch_all", "role_based_accept_all", "mx_forward"})
_CATCH_ALL = frozenset({"accept_all", "role_based_catch_all", "role_based_accept_all"})


class _Checked(Loose):
    address: str
    status: str
    sub_status: str | None = None
    free_email: Flag = None
    catchall_domain: Flag = None
    mx_record: str | None = None


class _Fault(Loose):
    email_address: str | None = None
    error: str | None = None


class _Answer(Loose):
    email_batch: list[_Checked]
    errors: list[_Fault]


class ZeroBounceEmailVerifier:
    name = "zerobounce"

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire)
        self._key = account.key
        self.price_micros = account.credit_micros

    def verify(self, addresses: Sequence[str]) -> Sequence[EmailVerdict]:
        unique = list(dict.fromkeys(addresses))
        subjects = [(UUID(int=number), address) for number, address in enumerate(unique)]
        answers = ask_batches(subjects, BATCH, self._batch, "ZeroBounce says nothing of this address.")
        by_address = dict(zip(unique, (answers[key] for key, _ in subjects), strict=True))
        return [self._verdict(address, by_address[address]) for address in addresses]

    def _batch(self, subjects: Sequence[tuple[UUID, str]]) -> Mapping[UUID, EmailVerdict | Unknown]:
        question: dict[str, Any] = {
            "api_key": self._key,
            "email_batch": [{"email_address": address} for _, address in subjects],
            "timeout": str(BATCH_SECONDS),  # as text: a number is refused with a sentence about credits
        }
        answer = self._api.post("/validatebatch", json=question).read(_Answer)
        found: dict[str, EmailVerdict | Unknown] = {
            (fault.email_address or "").lower(): Unknown("ZeroBounce could not check this address.")
            for fault in answer.errors
        }
        found |= {checked.address.lower(): self._read(checked) for checked in answer.email_batch}
        return {key: found[address.lower()] for key, address in subjects if address.lower() in found}

    def _read(self, checked: _Checked) -> EmailVerdict:
        status, detail = _STATUS.get(checked.status, EmailStatus.UNKNOWN), checked.sub_status or ""
        catch_all = bool(checked.catchall_domain) or detail in _CATCH_ALL or checked.status == "catch-all"
        if checked.status == "do_not_mail" and detail in _RISKY:
            status = EmailStatus.RISKY
        if status is EmailStatus.VALID and (catch_all or checked.free_email or detail.startswith("role_based")):
            status = EmailStatus.RISKY
        said = f"{checked.status}, {detail}" if detail else checked.status
        return EmailVerdict(
            checked.address,
            status,
            (f"ZeroBounce says: {said}" if said else "ZeroBounce gives no verdict.",),
            mx_host=checked.mx_record or "",
            is_role=detail.startswith("role_based"),
            is_free_mail=bool(checked.free_email),
            is_disposable=detail == "disposable",
            is_catch_all=catch_all,
            source=self.name,
            cost_micros=0 if status is EmailStatus.UNKNOWN else self.price_micros,
        )

    def _verdict(self, address: str, answer: EmailVerdict | Unknown) -> EmailVerdict:
        if isinstance(answer, Unknown):
            return EmailVerdict(address, EmailStatus.UNKNOWN, (answer.reason,), source=self.name)
        return answer
