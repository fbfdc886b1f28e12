"""Whether a mailbox exists, by Hunter's verifier; asked after our own checks, about what they left open."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import BaseModel

from tools.ports import EmailStatus, EmailVerdict, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.api import Repeat
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.hunter import VERIFIER_LIMITS, connect

_STATUS = {
    "valid": EmailStatus.VALID,
    "accept_all": EmailStatus.RISKY,
    "webmail": EmailStatus.RISKY,
    "disposable": EmailStatus.INVALID,
    "invalid": EmailStatus.INVALID,
    "unknown": EmailStatus.UNKNOWN,
}
_RUNNING = 202  # "the verification is still running": the same question again gets its answer, charged once
_TRIES = 5


class _Verified(BaseModel):
    status: str
    email: str
    disposable: bool | None = None
    webmail: bool | None = None
    accept_all: bool | None = None


class _Answer(BaseModel):
    data: _Verified


class HunterEmailVerifier:
    name = "hunter"

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire, VERIFIER_LIMITS)
        self._sleep = wire.sleep
        self.price_micros = account.credit_micros // 2

    def verify(self, addresses: Sequence[str]) -> Sequence[EmailVerdict]:
        unique = list(dict.fromkeys(addresses))
        answers = ask_each([(UUID(int=n), address) for n, address in enumerate(unique)], self._of)
        by_address = dict(zip(unique, answers.values(), strict=True))
        return [self._verdict(address, by_address[address]) for address in addresses]

    def _of(self, address: str) -> EmailVerdict | Unknown:
        for tried in range(_TRIES):
            reply = self._api.get("/email-verifier", {"email": address})
            if reply.status != _RUNNING:
                break
            self._sleep(float(tried + 1))
        else:
            raise Repeat("Hunter is still verifying this address.")
        found = reply.read(_Answer).data
        status = _STATUS.get(found.status, EmailStatus.UNKNOWN)
        return EmailVerdict(
            address,
            status,
            (f"Hunter says: {found.status}",),
            is_free_mail=bool(found.webmail),
            is_disposable=bool(found.disposable),
            is_catch_all=bool(found.accept_all) or found.status == "accept_all",
            source=self.name,
            cost_micros=0 if status is EmailStatus.UNKNOWN else self.price_micros,
        )

    def _verdict(self, address: str, answer: EmailVerdict | Unknown) -> EmailVerdict:
        if isinstance(answer, Unknown):
            return EmailVerdict(address, EmailStatus.UNKNOWN, (answer.reason,), source=self.name)
        return answer
