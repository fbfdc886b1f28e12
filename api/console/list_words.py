"""What the lists offer and say: actions, choices of a filter, and what an action did, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.permissions import Permission
from scoring.intent import HALF_LIFE_DAYS
from store.models import LeadStage
from tools.ports import EmailStatus


@dataclass(frozen=True, slots=True)
class Action:
    label: str
    done: str  # "{n} leads are stopped."
    needs: Permission
    fields: tuple[str, ...] = ()  # what else it wants to know
    asks: bool = False  # also for one: it is confirmed on a page of its own
    warns: str = ""  # what a person should know before saying yes
    choices: tuple[tuple[str, str], ...] = ()  # of `reason`


_EXPORT: Final = Action("Export as CSV", "", Permission.EXPORT)

ACTIONS: Final[Mapping[str, Mapping[str, Action]]] = {
    "leads": {
        "pause": Action(
            "Pause sequence",
            "{n} sequences are paused. Drafts that waited are taken back and written anew when you resume.",
            Permission.RECORDS,
            warns="No further step is taken until somebody resumes. Drafts that wait are taken back.",
        ),
        "resume": Action(
            "Resume sequence",
            "{n} sequences go on.",
            Permission.RECORDS,
            warns="Steps whose time has passed are due at once; the gaps between them stay.",
        ),
        "change_mailbox": Action(
            "Change owner",
            "{n} leads have a new owner.",
            Permission.RECORDS,
            fields=("mailbox_id",),
            warns="Only leads that nobody wrote to yet change. Drafts that wait are written anew in the new name.",
        ),
        "stop": Action(
            "Stop",
            "{n} leads are stopped.",
            Permission.RECORDS,
            fields=("reason",),
            asks=True,
            warns="Their sequences end; drafts, and times proposed to them, are taken back.",
            choices=(
                ("not_a_fit", "not a fit"),
                ("wrong_person", "the wrong person"),
                ("bad_timing", "not the time"),
                ("customer_already", "a customer already"),
                ("handled_elsewhere", "somebody else takes care"),
                ("other", "another reason"),
            ),
        ),
        "export": _EXPORT,
    },
    "contacts": {
        "suppress": Action(
            "Never write again",
            "{n} people are never written to again.",
            Permission.SUPPRESS,
            fields=("reason",),
            asks=True,
            warns="Their addresses are suppressed for good and everything pending is taken back. There is no way back.",
            choices=(
                ("opt_out", "they asked for it"),
                ("objection", "they object to the use of their data"),
                ("complaint", "they complained"),
                ("manual", "our own decision"),
            ),
        ),
        "export": _EXPORT,
    },
    "companies": {
        "add_tag": Action("Add tag", "{n} companies have the tag.", Permission.RECORDS, fields=("tag",)),
        "remove_tag": Action("Remove tag", "The tag is off {n} companies.", Permission.RECORDS, fields=("tag",)),
        "exclude": Action(
            "Exclude",
            "{n} companies are excluded: nobody at their domains is written to again.",
            Permission.SUPPRESS,
            asks=True,
            warns="Nobody at their domains is ever written to again; leads there are stopped. There is no way back.",
        ),
        "export": _EXPORT,
    },
}

_PASSED: Final[Mapping[str, str]] = {
    "ended": "had ended already",
    "no_sequence": "have no sequence",
    "no_open_sequence": "have no open sequence",
    "paused_already": "were paused already",
    "merged": "were merged into others",
    "not_paused": "were not paused",
    "written_to": "were written to already, and stay with their owner",
    "has_it_already": "had it already",
    "has_it_not": "did not have it",
    "too_many_tags": "have too many tags",
    "suppressed_already": "were suppressed already",
    "excluded_already": "were excluded already",
    "no_address": "have no address",
    "no_domain": "have no domain",
    "erased": "were erased",
    "not_here": "are not here any more",
}

_UNKNOWN_LEAD: Final = (
    "priority",
    "fit",
    "intent",
    "email",
    "title",
    "employees",
    "industry",
    "country",
    "legal_basis",
)
_UNKNOWN_CONTACT: Final = ("email", "name", "title", "country", "time_zone", "seniority", "legal_basis")
_UNKNOWN_COMPANY: Final = ("domain", "industry", "country", "employees", "city", "technologies")
_ORDERS: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "leads": (
        ("best", "the best first"),
        ("due", "what is due next"),
        ("updated", "changed last"),
        ("added", "added last"),
    ),
    "contacts": (("added", "added last"), ("updated", "changed last")),
    "companies": (
        ("added", "added last"),
        ("updated", "changed last"),
        ("name", "by name"),
        ("size", "the biggest first"),
    ),
}


def choices_of(place: str) -> dict[str, Sequence[object]]:
    """The values that the filters of a list offer."""
    unknown = {"leads": _UNKNOWN_LEAD, "contacts": _UNKNOWN_CONTACT, "companies": _UNKNOWN_COMPANY}
    return {
        "stage": [stage.value for stage in LeadStage],
        "signal": sorted(HALF_LIFE_DAYS),
        "email_status": [status.value for status in EmailStatus],
        "unknown": unknown[place],
        "sort": _ORDERS[place],
    }


def result_of(query: Mapping[str, Sequence[str]], place: str) -> str:
    """What an action did, from the codes and numbers that the redirect carried; empty for anything else."""
    code, _, count = (query.get("did") or [""])[-1].partition(".")
    action = ACTIONS[place].get(code)
    if action is None or not count.isdecimal() or len(count) > 6:
        return ""
    sentences = [action.done.format(n=f"{int(count):,}")]
    for item in query.get("passed", [])[:6]:
        reason, _, many = item.partition(".")
        if reason in _PASSED and many.isdecimal() and len(many) <= 6:
            sentences.append(f"{int(many):,} {_PASSED[reason]}.")
    return " ".join(sentences)
