"""The HTTP application: control routes under /api/v1, the console, public pages, and one boundary for errors."""

from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles

from api import problems, public
from api.console import account as console_account
from api.console import approvals as console_approvals
from api.console import leads as console_leads
from api.console.render import STATIC, page
from api.dependencies import Dependencies
from api.headers import SecurityHeaders
from api.problems import Problem
from api.routes import account, approvals, companies, icps, leads, runs, work

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
        responses={"4XX": {"model": Problem, "description": "problem+json"}},
    )
    app.state.dependencies = dependencies
    app.add_middleware(SecurityHeaders, https=dependencies.settings.public_url.startswith("https://"))
    problems.install(app, _problem_page)
    for router in (account, icps, runs, companies, leads, approvals, work):
        app.include_router(router.router, prefix="/api/v1")
    for pages in (public, console_account, console_approvals, console_leads):
        app.include_router(pages.router)
    app.mount("/static", _Static(directory=STATIC), name="static")
    return app


class _Static(StaticFiles):
    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"  # the address has a digest
        return response


def _operation_id(route: APIRoute) -> str:
    return route.name


def _problem_page(request: Request, problem: Problem) -> Response:
    if problem.code == "unauthenticated":
        after = request.url.path if request.method == "GET" else "/approvals"
        return RedirectResponse(f"/sign-in?next={quote(after)}", status_code=303)
    return page("problem.html", status=problem.status, problem=problem)
