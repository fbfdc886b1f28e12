"""What a site is built with and connected to, by what its pages load, say and answer with.

Addresses are matched by host (and, where one host serves several products, by path), never by a bare word: an article
about a product is no sign of using it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from tools.site_reader.html import Page


@dataclass(frozen=True, slots=True)
class Technology:
    name: str
    addresses: tuple[str, ...] = ()  # "host" or "host/path part"; subdomains of the host count; "/path" for any host
    generator: str = ""  # how <meta name="generator"> begins, in lower case
    headers: tuple[tuple[str, str], ...] = ()  # name, part of the value ("": any value), in lower case
    inline: tuple[str, ...] = ()  # in an inline script, as written


class Evidence(NamedTuple):
    name: str
    quote: str
    method: str
    confidence: float  # 0–1


def _t(name: str, *addresses: str, generator: str = "", inline: tuple[str, ...] = (), **headers: str) -> Technology:
    pairs = tuple((key.replace("_", "-"), value) for key, value in headers.items())
    return Technology(name, addresses, generator, pairs, inline)


TECHNOLOGIES: tuple[Technology, ...] = (
    # Customer relations, marketing automation, sales
    _t("HubSpot", "hs-scripts.com", "hsforms.net", "hs-analytics.net", "hsforms.com", generator="hubspot"),
    _t("Salesforce", "webto.salesforce.com", "salesforceliveagent.com", "force.com", "my.site.com"),
    _t("Marketo", "munchkin.marketo.net", "marketo.com", "mktoresp.com", inline=("Munchkin.init(",)),
    _t("Pardot", "pi.pardot.com", "go.pardot.com"),
    _t("Pipedrive", "leadbooster-chat.pipedrive.com", "webforms.pipedrive.com"),
    _t("Zoho", "zohopublic.com", "salesiq.zoho.com", "salesiq.zohopublic.com", "forms.zoho.com"),
    _t("ActiveCampaign", "activehosted.com", "trackcmp.net", inline=("vgo('setAccount'",)),
    _t("Mailchimp", "list-manage.com", "chimpstatic.com"),
    _t("Klaviyo", "klaviyo.com"),
    _t("Brevo", "sibautomation.com", "sibforms.com", "brevo.com"),
    _t("Customer.io", "assets.customer.io", "track.customer.io"),
    _t("Braze", "js.appboycdn.com", "braze.com"),
    _t("Iterable", "js.iterable.com"),
    _t("Apollo", "assets.apollo.io"),
    _t("6sense", "6sc.co"),
    _t("Demandbase", "tag.demandbase.com"),
    _t("Clearbit", "tag.clearbitscripts.com", "reveal.clearbit.com", "x.clearbitjs.com"),
    _t("ZoomInfo", "ws.zoominfo.com", "js.zi-scripts.com"),
    _t("Leadfeeder", "lftracker.leadfeeder.com", "sc.lfeeder.com"),
    _t("Qualified", "js.qualified.com"),
    _t("Chili Piper", "js.chilipiper.com"),
    _t("Calendly", "assets.calendly.com"),
    # Support and conversation
    _t("Intercom", "widget.intercom.io", "js.intercomcdn.com", inline=("window.Intercom(", "intercomSettings")),
    _t("Zendesk", "zdassets.com", "zopim.com", "ekr.zdassets.com"),
    _t("Drift", "js.driftt.com", "js.drift.com"),
    _t("Freshworks", "freshchat.com", "wchat.freshchat.com", "widget.freshworks.com", "fw-cdn.com"),
    _t("Crisp", "client.crisp.chat"),
    _t("Tawk.to", "embed.tawk.to"),
    _t("LiveChat", "cdn.livechatinc.com"),
    _t("Olark", "static.olark.com"),
    _t("Help Scout", "beacon-v2.helpscout.net"),
    _t("Gorgias", "gorgias.chat", "config.gorgias.io"),
    # Analytics, testing, tag managers
    _t("Google Analytics", "google-analytics.com", "googletagmanager.com/gtag", inline=("gtag('config'",)),
    _t("Google Tag Manager", "googletagmanager.com/gtm", "googletagmanager.com/ns.html", inline=("gtm.start",)),
    _t("Segment", "cdn.segment.com", inline=("analytics.load(",)),
    _t("Mixpanel", "cdn.mxpnl.com", "api-js.mixpanel.com", inline=("mixpanel.init(",)),
    _t("Amplitude", "cdn.amplitude.com", inline=("amplitude.init(", "amplitude.getInstance(")),
    _t("Heap", "cdn.heapanalytics.com", "heap-api.com", inline=("heap.load(",)),
    _t("PostHog", "posthog.com/static", "i.posthog.com", inline=("posthog.init(",)),
    _t("Hotjar", "static.hotjar.com", "script.hotjar.com", inline=("_hjSettings",)),
    _t("FullStory", "fullstory.com/s", "edge.fullstory.com", inline=("_fs_org",)),
    _t("Microsoft Clarity", "clarity.ms"),
    _t("Plausible", "plausible.io"),
    _t("Fathom", "cdn.usefathom.com"),
    _t("Matomo", "cdn.matomo.cloud", "/matomo.js", "/piwik.js", generator="matomo"),
    _t("Adobe Analytics", "omtrdc.net", "assets.adobedtm.com", "2o7.net"),
    _t("Optimizely", "cdn.optimizely.com"),
    _t("VWO", "dev.visualwebsiteoptimizer.com"),
    _t("LaunchDarkly", "app.launchdarkly.com", "events.launchdarkly.com"),
    _t("Pendo", "cdn.pendo.io"),
    _t("Sentry", "browser.sentry-cdn.com", "js.sentry-cdn.com", "ingest.sentry.io"),
    _t("Datadog", "datadoghq-browser-agent.com", inline=("DD_RUM.init(",)),
    _t("New Relic", "js-agent.newrelic.com", "bam.nr-data.net", inline=("NREUM",)),
    # Advertising
    _t("Google Ads", "googleadservices.com", "googleads.g.doubleclick.net"),
    _t("Meta Pixel", "connect.facebook.net", "facebook.com/tr", inline=("fbq('init'", 'fbq("init"')),
    _t("LinkedIn Insight", "snap.licdn.com", "px.ads.linkedin.com", inline=("_linkedin_partner_id",)),
    _t("TikTok Pixel", "analytics.tiktok.com"),
    _t("Microsoft Advertising", "bat.bing.com"),
    # Consent
    _t("OneTrust", "cdn.cookielaw.org", "onetrust.com"),
    _t("Cookiebot", "consent.cookiebot.com"),
    _t("Usercentrics", "app.usercentrics.eu", "web.cmp.usercentrics.eu"),
    _t("Osano", "cmp.osano.com"),
    # Commerce and payment
    _t("Shopify", "cdn.shopify.com", "shopifycdn.net", "/cdn/shop/", x_shopid="", x_shopify_stage=""),
    _t("WooCommerce", "/plugins/woocommerce/", generator="woocommerce"),
    _t("Magento", "/static/frontend/magento", "/mage/cookies.js", x_magento_cache_debug="", x_magento_tags=""),
    _t("BigCommerce", "cdn11.bigcommerce.com", "bigcommerce.com/s-"),
    _t("PrestaShop", generator="prestashop"),
    _t("Shopware", "/bundles/storefront/", generator="shopware"),
    _t("Stripe", "js.stripe.com", "checkout.stripe.com", "buy.stripe.com"),
    _t("PayPal", "paypal.com/sdk", "paypalobjects.com"),
    _t("Braintree", "js.braintreegateway.com"),
    _t("Adyen", "checkoutshopper-live.adyen.com"),
    _t("Klarna", "js.klarna.com", "x.klarnacdn.net"),
    _t("Paddle", "cdn.paddle.com"),
    _t("Chargebee", "js.chargebee.com"),
    _t("Recurly", "js.recurly.com"),
    # Content management, learning, hosting
    _t("WordPress", "/wp-content/", "/wp-includes/", generator="wordpress", link="api.w.org", x_pingback="xmlrpc.php"),
    _t("Drupal", "/sites/default/files/", generator="drupal", x_drupal_cache="", x_generator="drupal"),
    _t("Joomla", "/media/jui/", generator="joomla"),
    _t("TYPO3", "/typo3temp/", "/typo3conf/", generator="typo3"),
    _t("Moodle", "/theme/yui_combo.php", generator="moodle"),
    _t("Ghost", generator="ghost"),
    _t("Wix", "static.wixstatic.com", "static.parastorage.com", generator="wix.com", x_wix_request_id=""),
    _t("Squarespace", "static1.squarespace.com", "assets.squarespace.com", generator="squarespace"),
    _t("Webflow", "website-files.com", "assets.website-files.com", generator="webflow"),
    _t("Framer", "framerusercontent.com", generator="framer"),
    _t("Contentful", "images.ctfassets.net", "videos.ctfassets.net"),
    _t("Sanity", "cdn.sanity.io"),
    _t("Next.js", "/_next/static/", x_powered_by="next.js"),
    _t("Nuxt", "/_nuxt/"),
    _t("Gatsby", generator="gatsby"),
    _t("Hugo", generator="hugo"),
    _t("Cloudflare", server="cloudflare", cf_ray=""),
    _t("Vercel", x_vercel_id="", server="vercel"),
    _t("Netlify", x_nf_request_id="", server="netlify"),
    _t("Amazon CloudFront", "cloudfront.net", x_amz_cf_id=""),
    _t("Fastly", x_fastly_request_id=""),
    _t("PHP", x_powered_by="php/"),
    _t("ASP.NET", x_powered_by="asp.net", x_aspnet_version=""),
    # Recruiting, identity, safety of forms
    _t("Greenhouse", "boards.greenhouse.io", "job-boards.greenhouse.io"),
    _t("Lever", "jobs.lever.co"),
    _t("Ashby", "jobs.ashbyhq.com"),
    _t("Workable", "apply.workable.com"),
    _t("Personio", "jobs.personio.de", "jobs.personio.com"),
    _t("Auth0", "cdn.auth0.com"),
    _t("reCAPTCHA", "google.com/recaptcha", "gstatic.com/recaptcha", "recaptcha.net"),
    _t("hCaptcha", "js.hcaptcha.com"),
    _t("Typeform", "embed.typeform.com"),
    _t("Wistia", "fast.wistia.com", "fast.wistia.net"),
)  # fmt: skip


def _by_host() -> tuple[dict[str, list[tuple[str, str]]], list[tuple[str, str]]]:
    hosts: dict[str, list[tuple[str, str]]] = {}
    paths: list[tuple[str, str]] = []
    for technology in TECHNOLOGIES:
        for address in technology.addresses:
            host, slash, path = address.partition("/")
            if host:
                hosts.setdefault(host, []).append((slash + path, technology.name))
            else:
                paths.append((slash + path, technology.name))
    return hosts, paths


_HOSTS, _PATHS = _by_host()


def technologies(page: Page, headers: Mapping[str, str]) -> Iterator[Evidence]:
    """Each technology that the page or its answer's headers (lower-case names) shows; may name one more than once."""
    for address in page.addresses:
        for name in _of_address(address):
            yield Evidence(name, address, "address", 0.95)
    for link in page.links:
        for name in _of_address(link.href):
            if name in _LINKED:
                yield Evidence(name, link.href, "link", 0.85)
    generator = page.meta.get("generator", "")
    lowered = generator.strip().lower()
    for technology in TECHNOLOGIES:
        if technology.generator and lowered.startswith(technology.generator):
            yield Evidence(technology.name, f"generator: {generator}", "generator", 0.95)
        for name, part in technology.headers:
            if name in headers and part in headers[name].lower():
                yield Evidence(technology.name, f"{name}: {headers[name]}", "header", 0.9)
        for mark in technology.inline:
            if (at := page.inline.find(mark)) >= 0:
                yield Evidence(technology.name, page.inline[at : at + 200], "inline", 0.85)


# A link to these is use: a job board or a shop of one's own. A link to others is only a link.
_LINKED = frozenset({"Greenhouse", "Lever", "Ashby", "Workable", "Personio"})


def _of_address(address: str) -> Iterator[str]:
    try:
        parts = urlsplit(address.strip())
        host, path = (parts.hostname or "").rstrip("."), parts.path.lower() or "/"
    except ValueError:
        return
    for start, name in _PATHS:
        if start in path:
            yield name
    while host:
        for start, name in _HOSTS.get(host, ()):
            if path.startswith(start):
                yield name
        host = host.partition(".")[2]
