"""The policy as a form, what may leave without a person's word, the kill switch, and every version."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from agents.policy import ActionClass, Autonomy, Policy
from agents.reply_policy import FLOORS, ReplyAction
from api import etags
from api.actions import policies as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import Invalid, problem_of
from api.views import policies as views
from core.errors import NotFound, SalesOSError
from tools.deliverability.content import MEND, NoteRule
from tools.mail.intents import Intent

router = APIRouter(include_in_schema=False)

_SAID = {
    "saved": "The policy is in force. Mails approved under the one before are drafted again.",
    "same": "Nothing was changed.",
    "stopped": "The kill switch is on: nothing is sent.",
    "going": "The kill switch is off: mail leaves again, as the policy says.",
    "restored": "The earlier policy is in force again, as a new version.",
}
# What each kind of effect is, for people; in the order of a lead's way.
ACTIONS = (
    (ActionClass.FIRST_MAIL, "First mail", "The first unasked mail to somebody."),
    (ActionClass.FOLLOW_UP, "Follow-up", "Later mails of the same sequence."),
    (ActionClass.REPLY, "Reply", "An answer to what they wrote."),
    (ActionClass.MEETING_PROPOSAL, "Meeting proposal", "A mail with times to choose from."),
    (ActionClass.MEETING_INVITATION, "Meeting invitation", "Confirms the very time that they picked."),
    (ActionClass.INTERVENTION, "Mail to a customer", "What a playbook writes when an account slips."),
    (ActionClass.MISSED_MEETING, "After a missed meeting", "New times for somebody who did not come."),
    (ActionClass.MEETING_RECAP, "What was agreed", "The next steps that a person confirmed, after a meeting."),
    (
        ActionClass.TEXT_MESSAGE,
        "Text message",
        "Through a telephony account; proposed: a task for a person's own phone.",
    ),
    (ActionClass.CALL, "Call", "Rings the rep first. Never by itself: automatic counts as approved."),
)
AUTONOMY = (
    (Autonomy.PROPOSE, "Propose", "A draft is shown; a person sends it themselves."),
    (Autonomy.APPROVE, "Approve", "It leaves when a person approved it."),
    (Autonomy.AUTO, "Automatic", "It leaves when the gate found nothing wrong."),
)
INTENTS = (
    (Intent.OPT_OUT, "No more mail", "Also an objection to the use of their data (GDPR Art. 21)."),
    (Intent.ERASURE, "Erase my data", "GDPR Art. 17; the task is due in a month."),
    (Intent.LEGAL_THREAT, "Threatens with the law", "Lawyers, courts, authorities."),
    (Intent.HOSTILE, "Angry", "Insults."),
    (Intent.WRONG_PERSON, "Wrong person", ""),
    (Intent.ALREADY_CUSTOMER, "Is a customer already", ""),
    (Intent.NEGATIVE, "Not interested", ""),
    (Intent.NOT_NOW, "Not now", "The pause ends on the day they named, or in a quarter."),
    (Intent.REFERRAL, "Names somebody else", "The task shows the name; nobody is written to because of it."),
    (Intent.WANTS_MEETING, "Wants a meeting", ""),
    (Intent.INTERESTED, "Interested", ""),
    (Intent.QUESTION, "Asks something", ""),
    (Intent.OBJECTION, "Has a doubt", "Price, timing, need, a competitor, or who decides."),
    (Intent.UNKNOWN, "Not understood", "A person reads it."),
)
REPLY_ACTIONS = (
    (ReplyAction.SUPPRESS, "Never again", "Nobody of the workspace writes to them again."),
    (ReplyAction.STOP, "Stop", "The sequence ends."),
    (ReplyAction.PAUSE, "Pause", "The sequence waits."),
    (ReplyAction.PROPOSE_MEETING, "Propose times", "Three times are held and a proposal is drafted."),
    (ReplyAction.ANSWER, "Draft an answer", "A suggested answer, with gate and approval like any other."),
    (ReplyAction.TASK, "Task", "A person gets a task."),
    (ReplyAction.ALERT, "Alert", "Managers see an alert."),
)
_NUMBERS = (
    ("contacts_per_company", "People at one company", "How many are written to at the same company, at most.", 1, 10),
    ("weekly_tier1_capacity", "Tier 1 leads a week", "Leads beyond it are demoted. Empty: no limit.", 0, 1_000_000),
    ("window_start_hour", "Not before, o'clock", "In the recipient's zone, Monday to Friday; never before 8.", 0, 23),
    ("window_end_hour", "Not after, o'clock", "In the recipient's zone; never after 18.", 1, 24),
    ("right_tier_worth_minor", "Worth of a right tier, in cents", "Of one company: how far buying goes.", 0, 10**6),
    ("company_data_ceiling_minor", "Data of one company, cents a year", "At most so much is paid.", 0, 10**7),
    ("touches_per_contact", "Unasked touches a person", "Mails and tasks of reps, of sales and service.", 1, 100),
    ("touches_per_company", "Unasked touches a company", "Of all its people together.", 1, 1_000),
    ("touch_budget_days", "Within days", "Both budgets of touches.", 1, 365),
    ("resume_after_colleague_days", "Resume after an answer, business days", "Of colleagues. Empty: by hand.", 1, 250),
    ("resume_undecided_days", "Resume after no decision, business days", "Of a draft. Empty: by hand.", 1, 250),
    ("reentry_days", "Days before a lead enters again", "After a finished sequence. Empty: never.", 30, 1_000),
    ("hold_hours", "Hours a proposed time stays free", "Then the time is free again.", 1, 240),
    ("meeting_minutes", "Minutes of a meeting", "How long the times are that are proposed.", 15, 180),
)  # fmt: skip
_MAY_BE_EMPTY = ("weekly_tier1_capacity", "resume_after_colleague_days", "resume_undecided_days", "reentry_days")


@router.get("/policies")
def policies_page(deps: Deps, visitor: Visitor, said: str = "", cursor: str | None = None) -> HTMLResponse:
    return _show(deps, visitor, said=_SAID.get(said, ""), cursor=cursor)


@router.post("/policies")
async def save(request: Request, deps: Deps, visitor: ActingVisitor) -> Response:
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    return await run_in_threadpool(_save, deps, visitor, form)


def _save(deps: Dependencies, visitor: Principal, form: dict[str, str]) -> Response:
    try:
        with deps.database.read(visitor.workspace_id) as session:
            current = views.policy_out(session)
        wanted = _typed(current, form)
        saved = acts.put(deps, visitor, wanted, if_match=form.get("etag") or None)
    except SalesOSError as error:
        return _show(deps, visitor, error=error, typed=form, status=problem_of(error).status)
    said = "same" if saved.number == current.number else "saved"
    return RedirectResponse(f"/policies?said={said}", status_code=303)


@router.post("/policies/kill-switch")
def kill_switch(deps: Deps, visitor: ActingVisitor, on: Annotated[str, Form(max_length=3)] = "") -> Response:
    try:
        acts.kill_switch(deps, visitor, on=on == "yes")
    except SalesOSError as error:
        return _show(deps, visitor, error=error, status=problem_of(error).status)
    return RedirectResponse(f"/policies?said={'stopped' if on == 'yes' else 'going'}", status_code=303)


@router.post("/policies/{number}/restore")
def restore(number: int, deps: Deps, visitor: ActingVisitor) -> Response:
    try:
        acts.go_back(deps, visitor, number)
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, error=error, status=problem_of(error).status)
    return RedirectResponse("/policies?said=restored", status_code=303)


def _typed(current: Policy, form: dict[str, str]) -> Policy:
    """What stands in the form; fields that it did not have stay. Raises Invalid."""
    values: dict[str, Any] = current.model_dump()
    values["autonomy"] = {
        action: form.get(f"autonomy.{action.value}", current.autonomy_of(action).value) for action in ActionClass
    }
    for name, *_ in _NUMBERS:
        if name in form:
            text = form[name].strip()
            values[name] = None if not text and name in _MAY_BE_EMPTY else text
    if "replies.asked" in form:
        values["replies"] = {
            intent: [action for action in ReplyAction if _chosen(form, intent, action)] for intent in Intent
        }
        values["model_reads_replies"] = "model_reads_replies" in form
    if "blocking_notes.asked" in form:
        values["blocking_notes"] = [rule for rule in NoteRule if f"blocking_notes.{rule.value}" in form]
    for name in ("buy_data", "guess_at_catch_all", "track_clicks", "track_opens"):
        if f"{name}.asked" in form:
            values[name] = name in form
    if "legitimate_interest_assessment" in form:
        values["legitimate_interest_assessment"] = form["legitimate_interest_assessment"].strip()[:10_000]
    try:
        return Policy.model_validate(values)
    except ValidationError as error:
        labels = {name: label for name, label, *_ in _NUMBERS}
        found = [
            {"path": labels.get(str(e["loc"][0]), str(e["loc"][0]).replace("_", " ")), "message": e["msg"]}
            for e in error.errors()
        ]
        raise Invalid("The policy cannot be put in force like this.", found, hint="Nothing was changed.") from error


def _chosen(form: dict[str, str], intent: Intent, action: ReplyAction) -> bool:
    """What was ticked; floors are ticked for good, and a browser does not send what cannot be changed."""
    return f"replies.{intent.value}.{action.value}" in form or action in FLOORS.get(intent, ())


def _show(
    deps: Dependencies,
    visitor: Principal,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    typed: dict[str, str] | None = None,
    cursor: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        policy = views.policy_out(session)
        versions = views.versions(session, limit=20, cursor=cursor)
    typed = typed or {}
    careful = Policy()

    def value_of(name: str) -> str:
        value = typed.get(name, getattr(policy, name))
        return "" if value is None else str(value)

    numbers = [
        {
            "name": name,
            "label": label,
            "what": what,
            "low": low,
            "high": high,
            "value": value_of(name),
            "required": name not in _MAY_BE_EMPTY,
            "default": "empty" if getattr(careful, name) is None else getattr(careful, name),
        }
        for name, label, what, low, high in _NUMBERS
    ]
    chosen = {action: typed.get(f"autonomy.{action.value}", policy.autonomy_of(action).value) for action in ActionClass}
    return console(
        deps,
        visitor,
        "policies.html",
        here="policies",
        status=status,
        said=said,
        error=error,
        policy=policy,
        etag=typed.get("etag") or etags.version_of(policy),
        numbers=numbers,
        assessment=value_of("legitimate_interest_assessment"),
        actions=ACTIONS,
        levels=AUTONOMY,
        chosen=chosen,
        careful={action: careful.autonomy_of(action) for action in ActionClass},
        intents=INTENTS,
        reply_actions=REPLY_ACTIONS,
        floors=FLOORS,
        on_reply={
            intent: [action for action in ReplyAction if _chosen(typed, intent, action)]
            if "replies.asked" in typed
            else policy.on_reply(intent)
            for intent in Intent
        },
        notes=[
            {
                "rule": rule,
                "words": rule.value.replace("_", " ").capitalize(),
                "mend": MEND[rule],
                "on": f"blocking_notes.{rule.value}" in typed
                if "blocking_notes.asked" in typed
                else rule in policy.blocking_notes,
            }
            for rule in NoteRule
        ],
        versions=versions,
        cursor=cursor,
        may_change=visitor.may(Permission.POLICIES),
        may_autonomy=visitor.may(Permission.POLICIES) and visitor.may(Permission.AUTONOMY),
    )
