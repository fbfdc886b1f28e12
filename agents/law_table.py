"""The table of laws: country × channel × basis, as data. agents.jurisdiction reads it.

Each row names its rule and where the rule comes from, because a person reads it. It is a careful reading, not legal
advice: have counsel confirm it for your countries. What is not in the table has the strictest row there is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Basis(StrEnum):
    """Why we may hold and use somebody's address. Stored as a record, with evidence and dates."""

    NONE = ""
    CONSENT = "consent"  # express, with its record as evidence
    IMPLIED_CONSENT = "implied_consent"  # CASL: an inquiry, a purchase, an address published for the purpose
    SOFT_OPT_IN = "soft_opt_in"  # given in a sale or its negotiation, for similar offers, with a way out each time
    EXISTING_CUSTOMER = "existing_customer"
    LEGITIMATE_INTEREST = "legitimate_interest"  # GDPR Art. 6(1)(f), with the balancing test as evidence


class Ground(StrEnum):
    """What an implied consent rests on: its end follows from it."""

    NONE = ""
    INQUIRY = "inquiry"
    PURCHASE = "purchase"
    PUBLISHED = "published"  # the address stands on a page, without "no advertising", and the mail is about the role


class Channel(StrEnum):
    MAIL = "mail"
    PHONE = "phone"  # a person dials and speaks
    SMS = "sms"
    LINKEDIN = "linkedin"


class Subscriber(StrEnum):
    """Who the law sees behind an address. Not known counts as a company: this product writes to companies."""

    UNKNOWN = ""
    COMPANY = "company"
    INDIVIDUAL = "individual"  # a consumer, a sole trader, in some countries a partnership


class Verdict(StrEnum):
    ALLOW = "allow"
    NEED_EVIDENCE = "need_evidence"  # would be allowed with a basis and its evidence on the contact
    BLOCK = "block"


class Regime(StrEnum):
    CAN_SPAM = "us_can_spam"
    GDPR = "eu_legitimate_interest"
    PECR = "uk_pecr"
    UWG = "de_uwg_7"
    CASL = "ca_casl"
    CONSENT = "consent_first"
    UNKNOWN = "unknown_country"


@dataclass(frozen=True, slots=True)
class Law:
    rule: str  # stable id, shown to people and kept in decisions
    cold: frozenset[Basis]  # bases under which a first message is allowed, each with evidence
    evidence_free: bool  # a first message is allowed without any basis on file
    missing: Verdict  # what it is without one of `cold`
    reason: str
    source: str
    duties: tuple[str, ...]


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
_SPOKEN: Final = ("identity",)
_EU_SPOKEN: Final = ("identity", "source_notice")

_CONSENTS: Final = frozenset({Basis.CONSENT, Basis.SOFT_OPT_IN, Basis.EXISTING_CUSTOMER})
_EXPRESS: Final = frozenset({Basis.CONSENT})
_INTEREST: Final = _CONSENTS | {Basis.LEGITIMATE_INTEREST}
_STRICTEST: Final = "the strictest rule that is enabled"


def _law(
    rule: str,
    cold: frozenset[Basis],
    missing: Verdict,
    reason: str,
    source: str,
    duties: tuple[str, ...],
) -> Law:
    return Law(rule, cold, missing is Verdict.ALLOW, missing, reason, source, duties)


_MAIL: Final[Mapping[Regime, Law]] = MappingProxyType(
    {
        Regime.CAN_SPAM: _law(
            "us_can_spam",
            frozenset(Basis),
            Verdict.ALLOW,
            "The United States allow business mail that is honest, identified and easy to stop.",
            "CAN-SPAM Act, 15 U.S.C. 7704; FTC compliance guide",
            _ALWAYS,
        ),
        Regime.GDPR: _law(
            "eu_legitimate_interest",
            _INTEREST,
            Verdict.NEED_EVIDENCE,
            "In the EU and EEA a business mail rests on a legitimate interest that is written down, or on consent.",
            "GDPR Art. 6(1)(f), 14, 21; ePrivacy Directive Art. 13(5)",
            _EU_DUTIES,
        ),
        Regime.PECR: _law(
            "uk_pecr",
            _INTEREST,
            Verdict.NEED_EVIDENCE,
            "In the United Kingdom companies may be written to on a written legitimate interest; sole traders may not.",
            "PECR reg. 22; UK GDPR Art. 6(1)(f), 21",
            _EU_DUTIES,
        ),
        Regime.UWG: _law(
            "de_uwg_7",
            _CONSENTS,
            Verdict.BLOCK,
            "In Germany a single unasked business mail is unlawful without prior express consent.",
            "UWG § 7(2) no. 2; exception for own customers § 7(3)",
            _EU_DUTIES,
        ),
        Regime.CASL: _law(
            "ca_casl",
            _CONSENTS | {Basis.IMPLIED_CONSENT},
            Verdict.BLOCK,
            "In Canada the sender must prove express or implied consent.",
            "CASL s. 6, 10, 13",
            _ALWAYS,
        ),
        Regime.CONSENT: _law(
            "consent_first",
            _CONSENTS,
            Verdict.BLOCK,
            "This country asks for consent before a commercial mail, or was not read closely enough to say otherwise.",
            _STRICTEST,
            _EU_DUTIES,
        ),
        Regime.UNKNOWN: _law(
            "unknown_country",
            _CONSENTS,
            Verdict.BLOCK,
            "The person's country is not known, so the strictest rule holds.",
            _STRICTEST,
            _EU_DUTIES,
        ),
    }
)

# Of people whom the law protects as subscribers of their own; the other regimes make no difference.
_INDIVIDUAL_MAIL: Final[Mapping[Regime, Law]] = MappingProxyType(
    {
        Regime.GDPR: _law(
            "eu_eprivacy_individual",
            _CONSENTS,
            Verdict.BLOCK,
            "In the EU and EEA a mail to a natural person needs consent, or the soft opt-in of an own customer.",
            "ePrivacy Directive Art. 13(1), 13(2)",
            _EU_DUTIES,
        ),
        Regime.PECR: _law(
            "uk_pecr_individual",
            _CONSENTS,
            Verdict.BLOCK,
            "In the United Kingdom sole traders, some partnerships and consumers must have consented, or be customers.",
            "PECR reg. 22(2), 22(3)",
            _EU_DUTIES,
        ),
    }
)

_PHONE: Final[Mapping[Regime, Law]] = MappingProxyType(
    {
        Regime.CAN_SPAM: _law(
            "us_tsr_phone",
            frozenset(Basis),
            Verdict.ALLOW,
            "In the United States a person may dial a business by hand; machines that dial may not.",
            "Telemarketing Sales Rule, 16 CFR 310.6(b)(7); TCPA, 47 U.S.C. 227",
            _SPOKEN,
        ),
        Regime.GDPR: _law(
            "eu_phone",
            _INTEREST,
            Verdict.NEED_EVIDENCE,
            "In the EU and EEA calls to companies are each country's own matter; a written interest is the least.",
            "ePrivacy Directive Art. 13(3), 13(5); GDPR Art. 6(1)(f), 14, 21",
            _EU_SPOKEN,
        ),
        Regime.PECR: _law(
            "uk_pecr_phone",
            _INTEREST,
            Verdict.NEED_EVIDENCE,
            "In the United Kingdom a number on the preference lists (TPS, CTPS) is not called without consent: "
            "the evidence says that it was looked up.",
            "PECR reg. 21; UK GDPR Art. 6(1)(f)",
            _EU_SPOKEN,
        ),
        Regime.UWG: _law(
            "de_uwg_7_phone",
            _INTEREST,
            Verdict.NEED_EVIDENCE,
            "In Germany a company is called on its presumed consent at the least: the evidence says why this one "
            "would want the call.",
            "UWG § 7(2) no. 1",
            _EU_SPOKEN,
        ),
        Regime.CASL: _law(
            "ca_utr_phone",
            frozenset(Basis),
            Verdict.ALLOW,
            "In Canada the do-not-call list holds consumers; a call to a business names its caller.",
            "CRTC Unsolicited Telecommunications Rules, Part II s. 3, Part III",
            _SPOKEN,
        ),
        Regime.CONSENT: _law(
            "consent_first_phone",
            _CONSENTS,
            Verdict.BLOCK,
            "This country asks for consent before a sales call, or was not read closely enough to say otherwise.",
            _STRICTEST,
            _EU_SPOKEN,
        ),
        Regime.UNKNOWN: _law(
            "unknown_country_phone",
            _CONSENTS,
            Verdict.BLOCK,
            "The person's country is not known, so the strictest rule holds.",
            _STRICTEST,
            _EU_SPOKEN,
        ),
    }
)

_SMS: Final[Mapping[Regime, Law]] = MappingProxyType(
    {
        Regime.CAN_SPAM: _law(
            "us_tcpa_sms",
            _EXPRESS,
            Verdict.BLOCK,
            "In the United States a marketing text needs prior express written consent.",
            "TCPA, 47 U.S.C. 227(b); 47 CFR 64.1200(a)(2), (f)(9)",
            _SPOKEN,
        ),
        Regime.GDPR: _law(
            "eu_eprivacy_sms",
            _CONSENTS,
            Verdict.BLOCK,
            "A text is electronic mail to the law, and a mobile number a person's own: consent, or own customers.",
            "ePrivacy Directive Art. 2(h), 13(1), 13(2)",
            _EU_SPOKEN,
        ),
        Regime.PECR: _law(
            "uk_pecr_sms",
            _CONSENTS,
            Verdict.BLOCK,
            "A text is electronic mail to the law, a mobile number mostly a person's own: consent, or own customers.",
            "PECR reg. 2, 22",
            _EU_SPOKEN,
        ),
        Regime.UWG: _law(
            "de_uwg_7_sms",
            _CONSENTS,
            Verdict.BLOCK,
            "In Germany a text is electronic mail: unlawful without prior express consent.",
            "UWG § 7(2) no. 2, § 7(3)",
            _EU_SPOKEN,
        ),
        Regime.CASL: _law(
            "ca_casl_sms",
            _CONSENTS | {Basis.IMPLIED_CONSENT},
            Verdict.BLOCK,
            "In Canada a text is a commercial electronic message: the sender must prove consent.",
            "CASL s. 1(1), 6, 10",
            _ALWAYS,
        ),
        Regime.CONSENT: _law(
            "consent_first_sms",
            _CONSENTS,
            Verdict.BLOCK,
            "This country asks for consent before a text, or was not read closely enough to say otherwise.",
            _STRICTEST,
            _EU_SPOKEN,
        ),
        Regime.UNKNOWN: _law(
            "unknown_country_sms",
            _CONSENTS,
            Verdict.BLOCK,
            "The person's country is not known, so the strictest rule holds.",
            _STRICTEST,
            _EU_SPOKEN,
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

# CASL s. 10(10): a business relationship by a purchase lasts two years, by an inquiry six months.
MONTHS: Final[Mapping[Ground, int]] = MappingProxyType({Ground.INQUIRY: 6, Ground.PURCHASE: 24})


def regime_of(country: str) -> Regime:
    """`country`: ISO 3166-1 alpha-2, any case; empty: unknown."""
    code = country.strip().upper()
    if not code:
        return Regime.UNKNOWN
    return _REGIMES.get(code, Regime.CONSENT)


def law_of(regime: Regime, channel: Channel, subscriber: Subscriber = Subscriber.UNKNOWN) -> Law:
    """The row that holds. LinkedIn has the duties of a mail and no row of its own: a person writes there by hand."""
    if channel is Channel.PHONE:
        return _PHONE[regime]
    if channel is Channel.SMS:
        return _SMS[regime]
    if subscriber is Subscriber.INDIVIDUAL and regime in _INDIVIDUAL_MAIL:
        return _INDIVIDUAL_MAIL[regime]
    return _MAIL[regime]


def named_countries() -> tuple[str, ...]:
    """The countries that the table names; all others have the row of consent_first."""
    return tuple(sorted(_REGIMES))
