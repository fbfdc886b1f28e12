"""May this person be written to? Country × channel × legal basis → allow, needs evidence, or block. A pure table.

Each answer names its rule and where the rule comes from, because a person reads it. It is a careful reading, not legal
advice: have counsel confirm it for your countries. An override is a legal basis with evidence on the contact, recorded
by a person; there is no switch that skips the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Basis(StrEnum):
    """Why we may hold and use somebody's address. Stored on the contact, with evidence and date."""

    NONE = ""
    CONSENT = "consent"  # express, with its record as evidence
    IMPLIED_CONSENT = "implied_consent"  # CASL: published for the purpose, or an inquiry within six months
    EXISTING_CUSTOMER = "existing_customer"
    LEGITIMATE_INTEREST = "legitimate_interest"  # GDPR Art. 6(1)(f), with the balancing test as evidence


class Verdict(StrEnum):
    ALLOW = "allow"
    NEED_EVIDENCE = "need_evidence"  # would be allowed with a basis and its evidence on the contact
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Ruling:
    verdict: Verdict
    rule: str  # stable id, shown to people and kept in decisions
    reason: str
    source: str
    duties: tuple[str, ...] = ()  # what the mail must carry: keys of DUTIES

    @property
    def allowed(self) -> bool:
        return self.verdict is Verdict.ALLOW


DUTIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "postal_address": "the sender's postal address in the body",
        "visible_opt_out": "an unsubscribe link in the body, and one click in the header",
        "identity": "who writes, by name",
        "source_notice": "where the address comes from, and the right to object (GDPR Art. 14 and 21)",
    }
)
# Asked of every mail, everywhere: the strictest of the laws below, so that a wrong country costs nothing.
_ALWAYS: Final = ("identity", "postal_address", "visible_opt_out")
_EU_DUTIES: Final = (*_ALWAYS, "source_notice")


class Regime(StrEnum):
    CAN_SPAM = "us_can_spam"
    GDPR = "eu_legitimate_interest"
    PECR = "uk_pecr"
    UWG = "de_uwg_7"
    CASL = "ca_casl"
    CONSENT = "consent_first"
    UNKNOWN = "unknown_country"


@dataclass(frozen=True, slots=True)
class _Law:
    cold: frozenset[Basis]  # bases under which a first mail is allowed, each with evidence
    evidence_free: bool  # a first mail is allowed without any basis on file
    missing: Verdict  # what it is without one of `cold`
    reason: str
    source: str
    duties: tuple[str, ...]


_CONSENTS: Final = frozenset({Basis.CONSENT, Basis.EXISTING_CUSTOMER})

_LAWS: Final[Mapping[Regime, _Law]] = MappingProxyType(
    {
        Regime.CAN_SPAM: _Law(
            frozenset(Basis),
            True,
            Verdict.ALLOW,
            "The United States allow business mail that is honest, identified and easy to stop.",
            "CAN-SPAM Act, 15 U.S.C. 7704; FTC compliance guide",
            _ALWAYS,
        ),
        Regime.GDPR: _Law(
            _CONSENTS | {Basis.LEGITIMATE_INTEREST},
            False,
            Verdict.NEED_EVIDENCE,
            "In the EU and EEA a business mail rests on a legitimate interest that is written down, or on consent.",
            "GDPR Art. 6(1)(f), 14, 21; ePrivacy Directive Art. 13(5)",
            _EU_DUTIES,
        ),
        Regime.PECR: _Law(
            _CONSENTS | {Basis.LEGITIMATE_INTEREST},
            False,
            Verdict.NEED_EVIDENCE,
            "In the United Kingdom companies may be written to on a written legitimate interest; sole traders may not.",
            "PECR reg. 22; UK GDPR Art. 6(1)(f), 21",
            _EU_DUTIES,
        ),
        Regime.UWG: _Law(
            _CONSENTS,
            False,
            Verdict.BLOCK,
            "In Germany a single unasked business mail is unlawful without prior express consent.",
            "UWG § 7(2) no. 2; exception for own customers § 7(3)",
            _EU_DUTIES,
        ),
        Regime.CASL: _Law(
            _CONSENTS | {Basis.IMPLIED_CONSENT},
            False,
            Verdict.BLOCK,
            "In Canada the sender must prove express or implied consent.",
            "CASL s. 6, 10, 13",
            _ALWAYS,
        ),
        Regime.CONSENT: _Law(
            _CONSENTS,
            False,
            Verdict.BLOCK,
            "This country asks for consent before a commercial mail, or was not read closely enough to say otherwise.",
            "the strictest rule that is enabled",
            _EU_DUTIES,
        ),
        Regime.UNKNOWN: _Law(
            _CONSENTS,
            False,
            Verdict.BLOCK,
            "The person's country is not known, so the strictest rule holds.",
            "the strictest rule that is enabled",
            _EU_DUTIES,
        ),
    }
)

_EEA: Final = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR GR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK ES".split()  # noqa: SIM905
)
# EU members whose own law asks for consent of companies too, besides Germany.
_STRICT_EU: Final = frozenset({"AT", "DK", "ES", "IT", "PL"})

_REGIMES: Final[Mapping[str, Regime]] = MappingProxyType(
    {
        **dict.fromkeys(_EEA, Regime.GDPR),
        **dict.fromkeys(_STRICT_EU, Regime.CONSENT),
        "DE": Regime.UWG,
        "GB": Regime.PECR,
        "US": Regime.CAN_SPAM,
        "CA": Regime.CASL,
    }
)

TRACKING_OFF: Final = _EEA | {"DE", "GB"}  # opens and clicks are not tracked there without consent (EDPB 2/2023)

# Kinds that answer somebody who wrote to us, or serve a contract: not advertising.
_ANSWERS: Final = frozenset({"reply", "meeting_proposal", "meeting_invitation"})
_CUSTOMER: Final = frozenset({"intervention"})
MAIL: Final = "mail"


def regime_of(country: str) -> Regime:
    """`country`: ISO 3166-1 alpha-2, any case; empty: unknown."""
    code = country.strip().upper()
    if not code:
        return Regime.UNKNOWN
    return _REGIMES.get(code, Regime.CONSENT)


def rule(
    country: str, basis: str = "", evidence: str = "", *, action: str = "first_mail", channel: str = MAIL
) -> Ruling:
    """The ruling on one message. `action`: agents.policy.ActionClass; `channel`: mail, linkedin, phone.

    Unknown bases count as none. A basis without evidence counts as none, because the burden of proof is the sender's.
    """
    regime = regime_of(country)
    law = _LAWS[regime]
    if channel != MAIL:
        return _person_to_person(channel, law.duties)
    if action in _ANSWERS:
        return Ruling(Verdict.ALLOW, "answer", "They wrote to us, and this answers it.", "not unsolicited", law.duties)
    known = Basis(basis) if basis in {member.value for member in Basis} else Basis.NONE
    if action in _CUSTOMER and known in _CONSENTS:
        return Ruling(Verdict.ALLOW, "own_customer", "A customer, about their own contract.", law.source, law.duties)
    proven = known is not Basis.NONE and bool(evidence.strip())
    if law.evidence_free or (proven and known in law.cold):
        return Ruling(Verdict.ALLOW, regime.value, law.reason, law.source, law.duties)
    if known in law.cold and known is not Basis.NONE:
        reason = f"{law.reason} The contact's basis is {known.value}, but its evidence is missing."
        return Ruling(Verdict.NEED_EVIDENCE, regime.value, reason, law.source, law.duties)
    return Ruling(law.missing, regime.value, law.reason, law.source, law.duties)


def _person_to_person(channel: str, duties: tuple[str, ...]) -> Ruling:
    """Nothing but mail is sent by machine: the others are tasks, and the person who does them knows the situation."""
    reason = f"A task for a person on {channel}; nothing is sent by itself."
    return Ruling(Verdict.ALLOW, f"{channel}_by_hand", reason, "not automated", duties)
