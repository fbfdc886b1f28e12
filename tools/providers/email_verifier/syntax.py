"""What an address is, for a business mailbox: narrower than the RFCs, the same for comparing and for writing to.

Refused although some RFC allows them, because no company hands them out and half of all servers stumble: quoted local
parts, comments and folding white space, address literals, top-level domains alone, all-numeric top-level domains, and
local parts beyond ASCII (SMTPUTF8). Trimmed although no RFC allows it: white space around a pasted address.
"""

import unicodedata

import idna
from email_validator import EmailNotValidError, validate_email

from tools.ports import Unknown

MAX_ADDRESS = 254  # octets (RFC 5321 §4.5.3.1.3, less the brackets); the local part has 64


def normalise_address(text: str) -> str | None:
    """The one spelling of an address, for comparing and for blind indexes; None where it has no valid syntax.

    White space around is dropped, all is lower case, the domain in A-labels (RFC 5890). A tag ("+news") stays: it may
    be another mailbox. A local part beyond ASCII needs SMTPUTF8, which few servers take, and is not valid here.
    """
    parsed = parse_address(text)
    return parsed if isinstance(parsed, str) else None


def parse_address(text: str) -> str | Unknown:
    """As `normalise_address`, or the reason why not; the reason never quotes the address."""
    text = text.strip(" \t\r\n")
    if len(text) > 2 * MAX_ADDRESS:
        return Unknown("it is longer than an address can be")
    try:
        found = validate_email(
            text,
            strict=True,  # a local part over 64 octets is refused too
            allow_smtputf8=False,
            check_deliverability=False,  # our own look-up decides, once a domain
            test_environment=True,  # lets .test through: whether it takes mail is for the look-up to say
        )
    except (EmailNotValidError, UnicodeError) as error:
        # Only the library's own sentences: an error of Unicode quotes the address.
        return Unknown(str(error).rstrip(".") if isinstance(error, EmailNotValidError) else "it is not readable text")
    address = (found.ascii_email or "").lower()
    domain = address.rpartition("@")[2]
    if "." not in domain or domain.startswith("["):
        return Unknown("its domain is not a full name")
    return address if len(address) <= MAX_ADDRESS else Unknown("it is longer than an address can be")


def tag_of(local: str) -> str:
    """The tag of a local part ("news" of "ada+news"): made by its owner for one sender; "" without one."""
    name, plus, tag = local.partition("+")
    return tag if name and plus else ""


def mixes_alphabets(domain: str) -> bool:
    """Whether a label of a domain in A-labels mixes Latin letters with Cyrillic or Greek ones: "аcme" is not "acme".

    Registries refuse such labels (Unicode TR 39, "highly restrictive"); who owns one wants to be taken for another.
    """
    for label in domain.split("."):
        if not label.startswith("xn--"):
            continue
        try:
            letters = idna.decode(label)
        except (idna.IDNAError, UnicodeError):
            return True
        if len({unicodedata.name(c, "").partition(" ")[0] for c in letters if c.isalpha()} & _CONFUSABLE) > 1:
            return True
    return False


_CONFUSABLE = frozenset({"LATIN", "CYRILLIC", "GREEK"})
