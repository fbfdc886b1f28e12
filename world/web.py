"""The market's web sites and mail domains, behind the ports for fetching and for DNS."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from urllib.parse import urlsplit

from core.clock import Clock
from tools.ports import Unknown, WebPage
from world.truth import Company

_SNIPPETS = {
    "HubSpot": '<script src="https://js.hs-scripts.com/1234567.js" async></script>',
    "Segment": '<script src="https://cdn.segment.com/analytics.js/v1/abc/analytics.min.js"></script>',
    "Stripe": '<script src="https://js.stripe.com/v3/"></script>',
    "Salesforce": '<form action="https://webto.salesforce.com/servlet/servlet.WebToLead"></form>',
    "Marketo": '<script src="https://munchkin.marketo.net/munchkin.js"></script>',
    "WordPress": '<meta name="generator" content="WordPress 6.8">',
    "Intercom": '<script src="https://widget.intercom.io/widget/abc"></script>',
    "Zendesk": '<script src="https://static.zdassets.com/ekr/snippet.js?key=abc"></script>',
    "Google Analytics": '<script src="https://www.googletagmanager.com/gtag/js?id=G-ABC"></script>',
    "Drupal": '<meta name="generator" content="Drupal 11">',
    "Shopify": '<script src="https://cdn.shopify.com/s/files/theme.js"></script>',
    "Klaviyo": '<script src="https://static.klaviyo.com/onsite/js/klaviyo.js"></script>',
    "Moodle": '<meta name="generator" content="Moodle 5.0">',
}


class WorldWeb:
    """Answers like a small site: a home page, pricing and careers where the company has them."""

    def __init__(self, companies: Sequence[Company], clock: Clock, quarter_start: datetime) -> None:
        self._by_domain = {company.domain: company for company in companies}
        self._clock = clock
        self._start = quarter_start

    def get(self, url: str) -> WebPage | Unknown:
        parts = urlsplit(url)
        company = self._by_domain.get((parts.hostname or "").removeprefix("www."))
        if company is None:
            return Unknown(f"The name {parts.hostname} does not exist.")
        if not company.site_up:
            return Unknown(f"{parts.hostname} did not answer within five seconds.")
        html = self._page(company, parts.path.rstrip("/") or "/")
        status = 200 if html else 404
        headers = {"content-type": "text/html; charset=utf-8", "server": "nginx"}
        return WebPage(url, url, status, headers, html or "<title>Not found</title>", self._clock.now())

    def _page(self, company: Company, path: str) -> str:
        days = (self._clock.now() - self._start).days
        live = {kind for kind, day in company.signals if day <= days}
        match path:
            case "/":
                careers = '<a href="/careers">Careers</a>' if "hiring" in live else ""
                head = "".join(_SNIPPETS[t] for t in company.technologies)
                body = f'<h1>{escape(company.line)}</h1><a href="/pricing">Pricing</a>{careers}<p>{company.city}</p>'
                return self._html(company, company.line, head, body)
            case "/pricing":
                return self._html(company, "Pricing", "", "<h1>Pricing</h1><p>Three plans, monthly or yearly.</p>")
            case "/careers" if "hiring" in live:
                roles = "<ul><li>Account Executive</li><li>Sales Development Representative</li></ul>"
                return self._html(company, "Careers", "", f"<h1>Open roles</h1>{roles}")
            case "/robots.txt":
                return "User-agent: *\nAllow: /\n"
            case _:
                return ""

    @staticmethod
    def _html(company: Company, title: str, head: str, body: str) -> str:
        name, line = escape(company.name), escape(company.line)
        return (
            f'<!doctype html><html lang="en"><head><title>{escape(title)} | {name}</title>'
            f'<meta name="description" content="{line}">{head}</head><body>{body}</body></html>'
        )


class WorldMailDomains:
    """Every company of the market takes mail; nobody else does."""

    def __init__(self, companies: Sequence[Company]) -> None:
        self._domains = {company.domain for company in companies}

    def mx(self, domain: str) -> Sequence[str] | Unknown:
        return [f"mx.{domain}"] if domain in self._domains else []

    def txt(self, domain: str) -> Sequence[str]:
        return []

    def cname(self, host: str) -> Sequence[str]:
        return []
