"""What kind of sentence is it: a statement about the recipient, a question, something to do?"""

import re

from agents.drafting.text import contains, normal

_SECOND_PERSON = re.compile(r"(?<!\w)(?:you|your|yours|yourself|yourselves|you['’](?:re|ve|ll|d))(?!\w)", re.IGNORECASE)
# "for you", "show you", "if you …": somebody is addressed, nothing is said about them.
_ADDRESSED = re.compile(
    r"(?<!\w)(?:to|for|with|show|send|give|tell|thank|ask|walk|bother|trouble|remind|help|let|reach|meet|suit|from|wish)"
    r" you(?!\w)(?!['’])",
    re.IGNORECASE,
)
_CONDITIONAL = re.compile(r"^(?:if|should|whether|unless|whenever)\b[^.?!,]*", re.IGNORECASE)
_ASKS_TO_ACT = re.compile(
    r"(?<!\w)(?:let me know|reply (?:with|to)|get back to me|book (?:a|your|some)|schedule (?:a|your)|"
    r"pick a (?:time|slot)|sign up|register (?:for|here|now)|download|give me a call|call me|click|visit our|"
    r"see our website|fill (?:in|out))(?!\w)",
    re.IGNORECASE,
)

# "You do not use X", "you stopped hiring Y": every word of the fact is there, and the sentence says its opposite.
_DENIES = re.compile(
    r"(?<!\w)you(?:r(?: \w+){1,2})?(?:['’]\w+)?(?: \w+){0,2}? "
    r"(?P<no>not|never|no longer|hardly|without|\w+n['’]t|stopped|quit|dropped|cancell?ed|abandoned|paused|froze|"
    r"replaced|filled|moved (?:away|off)|left|lost|gave up|given up|got rid|used to|ended|laid off|let go)(?!\w)"
    # The fact counts them, and says nothing of all of them.
    r"|(?P<of>(?:all|most|none|half|some|many|few|only|every one)(?: of)?(?: \w+)?) you(?:r(?! (?:own|words)))?(?!\w)",
    re.IGNORECASE,
)


def is_question(sentence: str) -> bool:
    return sentence.rstrip("”\"’')] ").endswith("?")


def states_about_recipient(sentence: str, company: str) -> bool:
    """Does it say something about the person or company that is written to? When in doubt, yes."""
    if is_question(sentence):
        return False
    rest = _ADDRESSED.sub(" ", _CONDITIONAL.sub(" ", sentence))
    return bool(_SECOND_PERSON.search(rest)) or contains(normal(rest), normal(company))


def denied(sentence: str, company: str) -> str:
    """The word with which it denies something of the recipient or says that it is over; empty: it does not."""
    rest = _CONDITIONAL.sub(" ", sentence)
    if company:
        rest = re.sub(rf"(?<!\w){re.escape(company)}(?!\w)", "you", rest, flags=re.IGNORECASE)
    found = _DENIES.search(rest)
    return (found["no"] or found["of"]) if found else ""


def asks_to_act(sentence: str) -> bool:
    return bool(_ASKS_TO_ACT.search(sentence))
