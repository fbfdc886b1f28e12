"""The HTTP application: control routes under /api/v1, the console, public pages, and one boundary for errors."""

from functools import cache
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.routing import BaseRoute

from api import calendar_doors, inbound_doors, meeting_pages, openapi, problems, public, public_hits, subscription_doors
from api.console import account as console_account
from api.console import approvals as console_approvals
from api.console import audit as console_audit
from api.console import availability as console_availability
from api.console import budgets as console_budgets
from api.console import calendars as console_calendars
from api.console import companies as console_companies
from api.console import contacts as console_contacts
from api.console import deliverability as console_deliverability
from api.console import duplicates as console_duplicates
from api.console import guard, resume, sequence_editor
from api.console import icp_editor as console_icp_editor
from api.console import icps as console_icps
from api.console import imports as console_imports
from api.console import invitation as console_invitation
from api.console import leads as console_leads
from api.console import lists as console_lists
from api.console import mailbox_connect as console_mailbox_connect
from api.console import mailbox_signing as console_mailbox_signing
from api.console import mailboxes as console_mailboxes
from api.console import meetings as console_meetings
from api.console import notices as console_notices
from api.console import outbox as console_outbox
from api.console import own_account as console_own_account
from api.console import people as console_people
from api.console import policies as console_policies
from api.console import pools as console_pools
from api.console import received as console_received
from api.console import rooms as console_rooms
from api.console import runs as console_runs
from api.console import send_plan as console_send_plan
from api.console import sequences as console_sequences
from api.console import settings as console_settings
from api.console import setup as console_setup
from api.console import sso as console_sso
from api.console import suppressions as console_suppressions
from api.console import telephony as console_telephony
from api.console import today as console_today
from api.console import transcripts as console_transcripts
from api.console import vendors as console_vendors
from api.console import webhooks as console_webhooks
from api.console import writing as console_writing
from api.console.render import STATIC, page
from api.dependencies import Dependencies
from api.headers import SecurityHeaders
from api.limits import Limits
from api.limits_edge import RateLimits, networks
from api.problems import Problem
from api.read_cache import ReadCache
from api.routes import (
    account,
    alerts,
    api_keys,
    approvals,
    audit,
    budgets,
    bulk,
    calendars,
    companies,
    consents,
    contacts,
    deliverability,
    duplicates,
    events,
    icp_tiers,
    icps,
    imports,
    inbound_events,
    invitations,
    leads,
    lists,
    mailboxes,
    meetings,
    notices,
    placement,
    policies,
    pools,
    records,
    rooms,
    runs,
    saved_views,
    send_plan,
    sending_domains,
    sequences,
    settings,
    setup,
    sso,
    suppressions,
    telephony,
    timeline,
    today,
    transcripts,
    users,
    vendors,
    webhooks,
    why,
    work,
    writing,
)
from api.streams import Streams
from core.settings import Settings

_LARGEST_BODY = 1_000_000  # bytes: forms and JSON; files are imported by the CLI

_DESCRIPTION = (
    "Control of one workspace. Send an API key as `Authorization: Bearer sk_…`. Errors are problem+json (RFC 9457) "
    "with a stable `code` and a `hint`; lists are paged by `cursor`; another workspace's ids answer 404."
)


def create_app(dependencies: Dependencies) -> FastAPI:
    app = FastAPI(
        title="SalesOS",
        version="1",
        description=_DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,  # their scripts come from a CDN, and nothing here does
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        max_body_size=_LARGEST_BODY,
    )
    app.state.dependencies = dependencies
    app.state.streams = Streams(dependencies.database)
    app.add_middleware(guard.FreshCookies)
    app.add_middleware(ReadCache, database=dependencies.database)
    _limit(app, dependencies.settings)
    app.add_middleware(SecurityHeaders, https=dependencies.settings.public_url.startswith("https://"))
    problems.install(app, _problem_page)
    app.router.routes.extend(_routes())
    openapi.install(app)
    app.mount("/static", _Static(directory=STATIC), name="static")
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """The same for every application of a process: what FastAPI works out of each, it works out once."""
    app = FastAPI(openapi_url=None, generate_unique_id_function=_operation_id, max_body_size=_LARGEST_BODY)
    for router in (
        today,
        timeline,
        lists,
        bulk,
        saved_views,
        contacts,
        duplicates,
        records,
        account,
        icps,
        icp_tiers,
        runs,
        sequences,
        writing,
        imports,
        companies,
        leads,
        approvals,
        work,
        meetings,
        transcripts,
        calendars,
        pools,
        rooms,
        suppressions,
        consents,
        mailboxes,
        deliverability,
        why,
        send_plan,
        sending_domains,
        placement,
        policies,
        budgets,
        vendors,
        audit,
        alerts,
        events,
        users,
        invitations,
        api_keys,
        sso,
        webhooks,
        notices,
        telephony,
        inbound_events,
        settings,
        setup,
    ):
        app.include_router(router.router, prefix="/api/v1")
    for pages in (
        public,
        meeting_pages,
        public_hits,
        inbound_doors,
        subscription_doors,
        calendar_doors,
        console_today,
        console_meetings,
        console_transcripts,
        console_calendars,
        console_availability,
        console_pools,
        console_rooms,
        console_suppressions,
        console_lists,
        console_webhooks,
        console_notices,
        console_telephony,
        console_received,
        console_companies,
        console_contacts,
        console_duplicates,
        console_account,
        console_invitation,
        console_own_account,
        console_sso,  # before /people/{user_id}
        console_people,
        console_approvals,
        console_leads,
        console_runs,
        sequence_editor,
        console_sequences,
        console_writing,
        console_imports,
        console_icp_editor,
        console_icps,
        console_mailbox_connect,  # before /mailboxes/{mailbox_id}
        console_mailboxes,
        console_mailbox_signing,
        console_deliverability,
        console_send_plan,
        console_policies,
        console_budgets,
        console_vendors,
        console_audit,
        console_outbox,
        console_settings,
        console_setup,
    ):
        app.include_router(pages.router)
    return tuple(app.routes)


def _limit(app: FastAPI, settings: Settings) -> None:
    """Outside of the read cache: what it answers counts too."""
    if settings.rate_limit_factor > 0:
        app.add_middleware(
            RateLimits,
            limits=Limits(factor=settings.rate_limit_factor, storage=settings.rate_limit_storage),
            refuse=lambda request, error: problems.answer_to(request, error, _problem_page),
            trusted_proxies=networks(settings.trusted_proxies),
        )


class _Static(StaticFiles):
    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"  # the address has a digest
        return response


def _operation_id(route: APIRoute) -> str:
    return route.name


def _problem_page(request: Request, problem: Problem) -> Response:
    if problem.code == "factor_due":
        return RedirectResponse("/sign-in/code", status_code=303)
    if problem.code == "unauthenticated":
        if (typed := resume.typed(request)) is not None:
            return console_account.sign_in_again(request, typed)
        after = request.url.path if request.method == "GET" else "/approvals"
        return RedirectResponse(f"/sign-in?next={quote(after)}", status_code=303)
    return page("problem.html", status=problem.status, problem=problem)
