"""Real mail that nobody here wrote, read by our readers: bounces, complaints, and where a reply ends.

The corpora stand beside a checkout, never in it: they hold people's mail. Each is cut in two halves by the hash of the
file's name: `dev` may be looked at while rules are improved, `held_out` is only measured. A report names every miss.
A quarter of the replies, `opened`, was held out at first (24 of 30 were right with it) and then read.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from tools.mail import mime
from tools.mail.bounce_severity import BounceClass
from tools.mail.inbound import InboundKind, InboundReading, read_mail
from tools.mail.quotes import new_text

DEV, OPENED, HELD_OUT = "dev", "opened", "held_out"
_NOW = datetime(2026, 11, 21, tzinfo=UTC)
_NO_BOUNCE = {"feedback": "complaint", "vacation": "auto_reply", "delivered": "delivered"}
# What the servers of others refuse for what we are or did, in the words of the corpus.
_OUR_FAULT = frozenset({
    "authfailure", "badreputation", "blocked", "contenterror", "failedstarttls", "norelaying", "notcompliantrfc",
    "policyviolation", "ratelimited", "rejected", "requireptr", "securityerror", "spamdetected", "speeding",
    "toomanyconn", "virusdetected",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    figure: str  # "bounces.found"
    file: str
    passed: bool
    wanted: str = ""
    got: str = ""

    @property
    def half(self) -> str:
        quarter = sha256(Path(self.file).name.encode()).digest()[0] % 4
        if quarter == 1 and self.figure == "replies.others":
            return OPENED
        return HELD_OUT if quarter % 2 else DEV


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    half: str
    passed: int
    of: int

    @property
    def value(self) -> float:
        return self.passed / self.of if self.of else 1.0


def measure(folder: Path) -> list[Check]:
    """Every check of every corpus found under `folder` (data/email). What is not there is left out."""
    found: list[Check] = []
    for corpus in (_flufl, _sisimai, _handler, _discourse, _crisp, _github, _talon):
        found += corpus(folder)
    return found


def figures(checks: Sequence[Check]) -> list[Figure]:
    counted: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    for check in checks:
        counted[check.figure, check.half].append(check.passed)
    return [Figure(name, half, sum(passed), len(passed)) for (name, half), passed in sorted(counted.items())]


# --------------------------------------------------------------------------------------------------------- bounces


def _read(path: Path) -> InboundReading:
    return read_mail(path.read_bytes(), _NOW)


def _is_bounce(reading: InboundReading) -> bool:
    return reading.kind in (InboundKind.BOUNCE, InboundKind.DELAYED)


def _flufl(folder: Path) -> Iterator[Check]:
    labels = folder / "bounces_flufl_labels.csv"
    if not labels.exists():
        return
    expected: defaultdict[str, set[str]] = defaultdict(set)
    temporary = set()
    with labels.open() as file:
        for row in csv.DictReader(file):
            expected[row["file"]] |= set(row["addresses"].lower().replace(";", " ").replace(",", " ").split())
            if row["is_temporary"] == "1":
                temporary.add(row["file"])
    for name, addresses in sorted(expected.items()):
        path = folder / "bounces_flufl" / name
        if not addresses or not path.exists():
            continue
        reading = _read(path)
        named = {failed.address for failed in reading.failed}
        yield Check("bounces.found", name, _is_bounce(reading), "bounce", reading.kind.value)
        if reading.kind is not InboundKind.DELAYED:  # nobody failed yet: nobody is named
            yield Check("bounces.recipient", name, addresses <= named, " ".join(sorted(addresses)), " ".join(named))
        if name in temporary:
            hard = reading.bounce is BounceClass.HARD
            yield Check("bounces.soft_not_hard", name, not hard, "soft", str(reading.bounce))


def _sisimai(folder: Path) -> Iterator[Check]:
    labels = folder / "bounces_sisimai" / "labels.csv"
    if not labels.exists():
        return
    rows: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    with labels.open() as file:
        for row in csv.DictReader(file):
            rows[row["file"]].append(row)
    for name, labelled in sorted(rows.items()):
        reading = _read(folder / "bounces_sisimai" / "eml" / name)
        reasons = {row["reason"] for row in labelled}
        if reasons <= _NO_BOUNCE.keys():
            wanted = "/".join(sorted(_NO_BOUNCE[reason] for reason in reasons))
            yield Check("others.not_bounces", name, reading.kind is not InboundKind.BOUNCE, wanted, reading.kind.value)
            continue
        yield Check("bounces.found", name, _is_bounce(reading), "bounce", reading.kind.value)
        if reasons <= _OUR_FAULT:
            suppressed = reading.bounce is BounceClass.HARD
            yield Check("bounces.our_fault_suppresses_nobody", name, not suppressed, "blocked", str(reading.bounce))
        hard = {row["hardbounce"] == "1" for row in labelled}
        if len(hard) == 1:
            wanted_hard, got_hard = hard.pop(), reading.bounce is BounceClass.HARD
            what = "hard" if wanted_hard else "soft"
            yield Check("bounces.class", name, wanted_hard == got_hard, what, str(reading.bounce))
            if not wanted_hard:
                yield Check("bounces.soft_not_hard", name, not got_hard, what, str(reading.bounce))


def _handler(folder: Path) -> Iterator[Check]:
    """Files without labels: their names say what they are."""
    for path in sorted((folder / "bounces_phpbouncehandler").glob("*")):
        complaint = path.name.startswith(("arf", "fbl"))
        if path.name == "unsubscribe.txt":  # a log with a mail in it
            continue
        reading = _read(path)
        if complaint:
            yield Check("others.complaint", path.name, reading.kind is InboundKind.COMPLAINT, "complaint", reading.kind)
            yield Check("others.not_bounces", path.name, not _is_bounce(reading), "complaint", reading.kind.value)
        else:
            yield Check("bounces.found", path.name, _is_bounce(reading), "bounce", reading.kind.value)


# --------------------------------------------------------------------------------------------------------- replies


def _folded(text: str) -> str:
    return " ".join(text.split())


def _cut(figure: str, name: str, wanted: str, got: str) -> Check:
    one, other = _folded(wanted), _folded(got)
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, at - 20)
    return Check(figure, name, one == other, one[start : start + 120], other[start : start + 120])


def _discourse(folder: Path) -> Iterator[Check]:
    for path in sorted((folder / "replies_discourse_trimmer" / "emails").glob("*")):
        trimmed = folder / "replies_discourse_trimmer" / "trimmed" / path.name
        wanted = trimmed.read_text("utf-8") if trimmed.exists() else ""
        yield _cut("replies.discourse", path.name, wanted, new_text(path.read_text("utf-8", "replace")))


def _crisp(folder: Path) -> Iterator[Check]:
    tests = folder / "replies_crisp" / "test.js.txt"
    if not tests.exists():
        return
    script = tests.read_text("utf-8")
    shared = re.search(r"COMMON_FIRST_FRAGMENT = '(.*?)';", script, re.DOTALL)
    common = shared[1].replace("\\n\\\n", "\n") if shared else ""
    for match in re.finditer(r'get_email\("(\w+)"\)(.*?)test\.done', script, re.DOTALL):
        path = folder / "replies_crisp" / f"{match[1]}.txt"
        said = re.search(
            r'test\.equal\("((?:[^"\\]|\\.)*)", (?:fragments\[0\]\.toString|email\.getVisibleText|reply\.frag)',
            match[2],
        )
        wanted = common if "COMMON_FIRST_FRAGMENT" in match[2] else said[1].replace("\\n", "\n") if said else None
        if path.exists() and wanted is not None:
            yield _cut("replies.others", path.name, wanted, new_text(path.read_text("utf-8", "replace")))


def _github(folder: Path) -> Iterator[Check]:
    tests = folder / "replies_github" / "email_reply_parser_test.rb.txt"
    if not tests.exists():
        return
    pattern = r'join\("(\w+\.txt)"\).*?\n\s*assert_equal "((?:[^"\\]|\\.)*)",\s*EmailReplyParser\.parse_reply'
    for match in re.finditer(pattern, tests.read_text("utf-8")):
        path = folder / "replies_github" / match[1]
        if path.exists():
            wanted = match[2].replace("\\n", "\n")
            yield _cut("replies.others", path.name, wanted, new_text(path.read_text("utf-8", "replace")))


def _talon(folder: Path) -> Iterator[Check]:
    for path in sorted((folder / "replies_talon" / "standard_replies").glob("*.eml")):
        yield _cut("replies.others", path.name, "Hello", _read(path).text)
    for path in sorted((folder / "replies_talon" / "html_replies").glob("*.html")):
        text = new_text(mime.html_text(path.read_text("utf-8", "replace")))
        yield _cut("replies.others", path.name, "Hi. I am fine.\n\nThanks,\nAlex", text)
