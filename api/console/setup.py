"""The set-up guide: one step at a time, each a small form with defaults, from nothing to the first approved mail."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import col, select

from agents.mailboxes import MailboxSettings
from agents.policy import load_policy
from api.actions import icps as icp_acts
from api.actions import mailboxes as mailbox_acts
from api.actions import policies as policy_acts
from api.actions import runs as run_acts
from api.actions import settings as settings_acts
from api.actions import setup as acts
from api.console import resume, settings_form
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console, page
from api.console.settings import Sent
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import Invalid, problem_of
from api.views import settings as settings_views
from api.views import setup as views
from api.views.setup import StepState
from core.errors import NotFound, SalesOSError
from core.settings import DeliveryMode
from store.models import Icp, Run, RunState, User

router = APIRouter(include_in_schema=False)

_SAID: Final = {
    "workspace": "Kept. Every mail says who you are.",
    "offer": "Kept. Drafts speak of this, and of nothing else.",
    "mailbox": "The mailbox is there.",
    "policy": "The balancing test is on file.",
    "icp": "The ICP is made. Each change of it is a version.",
    "sample": "Invented companies and their people are here, as if you had imported two files.",
    "run": "The run was started. This page follows it.",
    "drafts": "Asked for: the first mails are written now. This page follows them.",
    "none": "There was nothing to draft ahead.",
}
_ICP_FIELDS: Final = ("icp_name", "industries", "countries", "employees_min", "employees_max")
_FIELDS: Final = (*settings_form.FIELDS, "address", "display_name", "assessment", *_ICP_FIELDS)
_ROLES: Final = (
    {"role": "economic_buyer", "departments": ["general_management", "finance"], "min_seniority": "director"},
    {"role": "champion", "departments": ["sales"], "min_seniority": "manager"},
    {"role": "user", "departments": ["sales", "marketing"], "min_seniority": "staff", "weight": 0.7},
)


@router.get("/setup")
def setup_page(deps: Deps, visitor: Visitor, said: str = "") -> HTMLResponse:
    visitor.require(Permission.SETTINGS)
    return _show(deps, visitor, said=_SAID.get(said, ""))


@router.get("/setup/part")
def setup_part(deps: Deps, visitor: Visitor) -> HTMLResponse:
    """The part that moves, asked for every two seconds while the machine is at work."""
    visitor.require(Permission.SETTINGS)
    return page("setup_steps.html", visitor=visitor, now=deps.clock.now(), **_values(deps, visitor, {}, None))


@router.post("/setup/again")
def again(deps: Deps, visitor: ActingVisitor, form: Sent) -> HTMLResponse:
    """What was typed when the session ended; nothing is written."""
    visitor.require(Permission.SETTINGS)
    return _show(deps, visitor, typed=form)


@router.post("/setup/{step}")
def take_step(step: str, deps: Deps, visitor: ActingVisitor, form: Sent) -> Response:
    if step not in _STEPS:
        raise NotFound("There is no such step.")
    visitor.require(Permission.SETTINGS)
    try:
        said = _STEPS[step](deps, visitor, form)
    except SalesOSError as error:
        return _show(deps, visitor, typed=form, error=error)
    return RedirectResponse(f"/setup?said={said}", status_code=303)


def _settings(deps: Dependencies, visitor: Principal, form: dict[str, str]) -> None:
    with deps.database.read(visitor.workspace_id) as session:
        current = settings_views.workspace_out(session, visitor.workspace_id)
    if "product" in form:
        missing = [name for name in ("product", "value_line") if not form.get(name, "").strip()]
        if missing:
            problems = [{"path": name, "message": "it is empty"} for name in missing]
            raise Invalid("A draft needs something to speak of.", problems)
    settings_acts.change(deps, visitor, settings_form.wanted(form, current))


def _workspace(deps: Dependencies, visitor: Principal, form: dict[str, str]) -> str:
    _settings(deps, visitor, form)
    return "workspace"


def _offer(deps: Dependencies, visitor: Principal, form: dict[str, str]) -> str:
    _settings(deps, visitor, {name: form.get(name, "") for name in settings_form.OFFER if name in form})
    return "offer"


def _mailbox(deps: Dependencies, visitor: Principal, form: dict[str, str]) -> str:
    name = form.get("display_name", "").strip()[:200]
    if not name:
        raise Invalid("A mailbox needs a name.", [{"path": "display_name", "message": "it is empty"}])
    settings = MailboxSettings(display_name=name)
    address = form.get("address", "").strip()[:254]
    mailbox_acts.add(deps, visitor, deps.ids.new(), settings, address=address, user_id=None, password="")
    return "mailbox"


def _policy(deps: Dependencies, visitor: Principal, form: dict[str, str]) -> str:
    text = form.get("assessment", "").replace("\r\n", "\n").strip()[:10_000]
    if not text:
        problem = {"path": "assessment", "message": "it is empty"}
        raise Invalid("Write the balancing test, or where it is filed.", [problem])
    if form.get("sure") != "yes":  # a text that we began must not become somebody's word by one key
        problem = {"path": "sure", "message": "tick it when it is so"}
        raise Invalid("Read it first: it is put on file in your name.", [problem])
    with deps.database.read(visitor.workspace_id) as session:
        current = load_policy(session)
    policy_acts.put(deps, visitor, current.model_copy(update={"legitimate_interest_assessment": text}))
    return "policy"


def _icp(deps: Dependencies, visitor: Principal, form: dict[str, str]) -> str:
    sizes: dict[str, int] = {}
    for name in ("min", "max"):
        text = form.get(f"employees_{name}", "").strip()
        if text:
            if not (text.isascii() and text.isdigit() and len(text) < 9):
                problem = {"path": f"employees_{name}", "message": "a whole number"}
                raise Invalid("The ICP cannot be made yet.", [problem])
            sizes[name] = int(text)
    definition: dict[str, Any] = {
        "name": form.get("icp_name", "").strip(),
        "industries": [{"name": line.strip()} for line in form.get("industries", "").splitlines() if line.strip()],
        "countries": [code.upper() for code in form.get("countries", "").replace(",", " ").split()],
        "growth_signals": ["hiring"],
        "exclusions": {"statuses": ["inactive", "acquired", "closed"]},
        "roles": list(_ROLES),
    }
    if sizes:
        definition["employees"] = sizes
    icp_acts.create(deps, visitor, definition)
    return "icp"


def _sample(deps: Dependencies, visitor: Principal, form: dict[str, str]) -> str:
    acts.take_in_sample(deps, visitor)
    return "sample"


def _run(deps: Dependencies, visitor: Principal, form: dict[str, str]) -> str:
    """One run at a time: pressed twice, the one that goes is followed."""
    with deps.database.read(visitor.workspace_id) as session:
        going = select(Run.id).where(col(Run.state).in_([RunState.PENDING, RunState.RUNNING])).limit(1)
        if session.exec(going).first() is not None:
            return "run"
        newest = select(Icp.id).where(col(Icp.archived_at).is_(None))
        icp_id = session.exec(newest.order_by(col(Icp.created_at).desc(), col(Icp.id)).limit(1)).first()
    if icp_id is None:
        raise Invalid("There is no ICP to run.", [], hint="Say first whom you want.")
    run_acts.start(deps, visitor, run_acts.NewRun(icp_id=icp_id))
    return "run"


def _drafts(deps: Dependencies, visitor: Principal, form: dict[str, str]) -> str:
    return "drafts" if acts.first_drafts(deps, visitor) else "none"


_STEPS: Final[dict[str, Callable[[Dependencies, Principal, dict[str, str]], str]]] = {
    "workspace": _workspace,
    "offer": _offer,
    "mailbox": _mailbox,
    "policy": _policy,
    "icp": _icp,
    "sample": _sample,
    "run": _run,
    "drafts": _drafts,
}


def _show(
    deps: Dependencies,
    visitor: Principal,
    *,
    said: str = "",
    typed: dict[str, str] | None = None,
    error: SalesOSError | None = None,
) -> HTMLResponse:
    return console(
        deps,
        visitor,
        "setup.html",
        here="setup",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        **_values(deps, visitor, typed or {}, error),
    )


def _values(
    deps: Dependencies, visitor: Principal, typed: dict[str, str], error: SalesOSError | None
) -> dict[str, Any]:
    context = deps.context_for(visitor.workspace_id)
    with deps.database.read(visitor.workspace_id) as session:
        guide = views.setup(session, context, user_id=visitor.user_id)
        shown = settings_views.workspace_out(session, visitor.workspace_id)
        user = session.get(User, (visitor.workspace_id, visitor.user_id)) if visitor.user_id else None
    values = {
        **settings_form.values_of(shown),
        "address": user.email if user else "",
        "display_name": visitor.name,
        "assessment": _assessment(shown, visitor.name, f"{deps.clock.now():%d %B %Y}".lstrip("0")),
        "icp_name": "Mid-size software and finance",
        "industries": "Software\nFinancial Services",
        "countries": "US, GB, IE, NL, FR, SE",
        "employees_min": "50",
        "employees_max": "1000",
    }
    values |= {name: typed[name] for name in _FIELDS if name in typed}
    return {
        "guide": guide,
        "moving": any(step.state is StepState.WORKING for step in guide.steps),
        "values": values,
        "problems": settings_form.problems_by_field(error),
        "labels": settings_form.LABELS,
        "zones": settings_form.zones(),
        "countries": settings_form.countries(),
        "currencies": settings_form.CURRENCIES,
        "may_change": True,
        "leaves_here": deps.settings.delivery is DeliveryMode.SMTP,
    }


def _assessment(shown: settings_views.WorkspaceOut, name: str, day: str) -> str:
    """A beginning of one, in the shape that regulators ask for; whoever signs it makes it true."""
    product = shown.offer.product if shown.offer else "what we sell"
    return (
        f"Purpose: to offer {product} to people whose work it concerns.\n"
        "Necessity: a few mails to a business address, chosen by what their employer and their role need, reach them "
        "with the least data.\n"
        "Balance: every mail says who writes and why, and how to stop it; a no holds at once and for good; data of "
        "those who do not answer is erased on request.\n"
        f"Weighed by {name}, {shown.name}, {day}."
    )


for _step in ("workspace", "offer", "mailbox", "policy", "icp"):
    resume.keeps(f"/setup/{_step}", "/setup/again", _FIELDS)
