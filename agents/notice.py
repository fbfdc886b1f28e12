"""The line of a mail's footer that says why this person is written to. The dispatcher writes it, whoever wrote the
words above; and whoever decides on a draft sees it before."""

from typing import Final

from agents.jurisdiction import Basis, Ruling
from store.models import Contact

_BECAUSE: Final = {
    Basis.CONSENT: "because you agreed to it",
    Basis.SOFT_OPT_IN: "because you gave them when you bought or asked for an offer",
    Basis.EXISTING_CUSTOMER: "because your company is a customer",
    Basis.IMPLIED_CONSENT: "because you asked or published them for it",
}


def notice(contact: Contact, ruling: Ruling) -> str:
    """GDPR Art. 14: what is held, from where, for what, on which basis and for how long, and what may be done about it,
    at the latest with the first mail. "": the law asks for none."""
    if "source_notice" not in ruling.duties:
        return ""
    kind, _, rest = contact.source.partition(":")
    source = "a list of business contacts" if kind in ("file", "import", "") else (rest or kind)
    because = _BECAUSE.get(ruling.basis, "for our legitimate interest in offering what fits your work")
    return (
        f"We hold your name, role and business address, from {source}, to write to you about your work, {because}, for "
        "as long as that may concern you. You may object at any time: unsubscribe or answer, and we stop. You may also "
        "ask what we hold, have it corrected or deleted, and complain to your data protection authority."
    )
