"""What the links of a mail lead through, where a policy counts clicks. The target is read from the draft in the store:
no request can name one. HEAD is answered as GET is, and kept as what it is."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from agents import hits
from agents.hits import Asked
from api.console.render import page
from api.dependencies import Dependencies, Deps
from api.limits_edge import address_of, networks
from core.errors import NotFound
from scoring.hit_rules import HitKind
from tools.mail.tracking import HitSubject

router = APIRouter(include_in_schema=False)

# One transparent dot (GIF89a).
_DOT: Final = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b")
_FRESH: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


@router.api_route("/c/{token}", methods=["GET", "HEAD"])
def follow(token: str, request: Request, deps: Deps) -> Response:
    """On to the page that the mail names. The trap leads nowhere, and says so."""
    target = _note(deps, request, _subject(deps, token), HitKind.CLICK)
    if target is None:
        raise NotFound("This link leads nowhere any more.", hint="Answer the mail and ask for the page.")
    if not target:
        return page("nothing_here.html")
    return RedirectResponse(target, status_code=302, headers=_FRESH)


@router.api_route("/o/{token}", methods=["GET", "HEAD"])
def image(token: str, request: Request, deps: Deps) -> Response:
    """The dot, whatever becomes of the hit."""
    _note(deps, request, _subject(deps, token), HitKind.OPEN)
    return Response(_DOT, media_type="image/gif", headers=_FRESH)


def _subject(deps: Dependencies, token: str) -> HitSubject:
    if deps.hits is None:
        raise NotFound("This link is not one of ours.")
    return deps.hits.read(token)


def _note(deps: Dependencies, request: Request, subject: HitSubject, kind: HitKind) -> str | None:
    forwarded = [value for name, value in request.headers.raw if name == b"x-forwarded-for"]
    trusted = networks(deps.settings.trusted_proxies)
    asked = Asked(
        kind=kind,
        link=subject.link,
        method=request.method,
        address=address_of(request.scope, forwarded, trusted),
        agent=request.headers.get("user-agent", ""),
        headers=dict(request.headers),
    )
    return hits.note(deps.context_for(subject.workspace_id), subject.draft_id, asked)
