"""The registrable domain of a messy URL, host or e-mail address: what a company is identified by.

By the Public Suffix List as tldextract bundles it (no network, no cache on disk). A host that many companies share
(a profile, a job board, a site builder, a link shortener) identifies none of them, and gives None.
"""

import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import unquote

import idna
from tldextract import TLDExtract

_SUFFIXES = TLDExtract(
    cache_dir=None,
    suffix_list_urls=(),
    fallback_to_snapshot=True,
    include_psl_private_domains=True,
    extra_suffixes=(
        "example",
        "test",
    ),  # reserved for documentation and tests (RFC 2606): the demo's market lives there
)


def _words(lines: str) -> frozenset[str]:
    return frozenset(word for line in lines.splitlines() if not line.strip().startswith("#") for word in line.split())


# In the private part of the list, yet names that companies register for themselves, not subdomains of a host.
_REGISTRIES = _words(
    """
    ae.org africa.com br.com cn.com co.com com.de com.se de.com eu.com eu.org gb.net gr.com hu.net in.net jp.net
    jpn.com mex.com nz.basketball radio.am radio.fm ru.com sa.com se.net uk.com uk.net us.com us.org za.bz za.com
    co.nl co.no com.ru msk.ru spb.ru biz.dk co.dk firm.dk reg.dk store.dk co.pl co.ca no.com se.com
    """
)

# Every page of these speaks of somebody else than the owner of the name.
SHARED_HOSTS = _words(
    """
    # social networks and chats
    linkedin.com lnkd.in facebook.com fb.com fb.me instagram.com twitter.com x.com t.co tiktok.com youtube.com
    youtu.be threads.net bsky.app mastodon.social vk.com weibo.com t.me telegram.me wa.me discord.gg
    # directories, profiles, pages of code
    crunchbase.com ycombinator.com producthunt.com angel.co wellfound.com pitchbook.com f6s.com tracxn.com
    glassdoor.com trustpilot.com g2.com capterra.com about.me wikipedia.org wikidata.org bloomberg.com owler.com
    kompass.com yellowpages.com github.com bitbucket.org sourceforge.net
    # applicant tracking and job boards
    lever.co greenhouse.io ashbyhq.com workable.com bamboohr.com smartrecruiters.com recruitee.com breezy.hr
    jobvite.com icims.com myworkdayjobs.com myworkdaysite.com taleo.net successfactors.com successfactors.eu
    personio.de teamtailor.com applytojob.com jazz.co jazzhr.com pinpointhq.com comeet.com comeet.co ultipro.com
    indeed.com monster.com stepstone.de weworkremotely.com remoteok.com welcometothejungle.com freshteam.com
    zohorecruit.com hire.trakstar.com softgarden.io jobs.personio.com jobs.gusto.com ats.rippling.com
    workforcenow.adp.com recruiterbox.com
    # pages of large platforms
    notion.site wixsite.com blogspot.com sites.google.com docs.google.com drive.google.com forms.gle goo.gl g.page
    play.google.com chrome.google.com maps.google.com groups.google.com business.site godaddysites.com mailchi.mp
    apps.apple.com itunes.apple.com jobs.apple.com apple.co amazonaws.com sharepoint.com onedrive.live.com
    dropboxusercontent.com archive.org
    # link shorteners
    bit.ly tinyurl.com ow.ly buff.ly rebrand.ly is.gd cutt.ly rb.gy shorturl.at hubs.ly hubs.la grnh.se
    # where parked domains and domains for sale lead
    sedoparking.com bodis.com parkingcrew.net parklogic.com hugedomains.com undeveloped.com
    """
)

# Their owners' front pages are a company's own; every other page or subdomain is a user's.
HOSTING_COMPANIES = _words(
    """
    wix.com weebly.com squarespace.com medium.com substack.com tumblr.com wordpress.com notion.so webflow.io
    webflow.com framer.website framer.app carrd.co strikingly.com mystrikingly.com site123.me jimdo.com
    jimdosite.com typeform.com tally.so airtable.com gitbook.io gitlab.io readme.io bubbleapps.io softr.app
    unbouncepages.com launchrock.com leadpages.co hubspotpagebuilder.com myshopify.com shopify.com bigcartel.com
    etsy.com gumroad.com linktr.ee beacons.ai bio.link hackernoon.com itch.io streamlit.app super.site loom.com
    calendly.com vimeo.com pinterest.com reddit.com snapchat.com whatsapp.com discord.com twitch.tv xing.com
    quora.com yelp.com clutch.co zoominfo.com apollo.io kickstarter.com indiegogo.com gofundme.com patreon.com
    meetup.com eventbrite.com dnb.com dover.com homerun.co polymer.co join.com paylocity.com
    """
)
_OWN_SUBDOMAINS = frozenset({"", "www", "careers", "jobs"})
_OWN_PAGES = frozenset(["", "about", "about-us", "careers", "career", "jobs", "company", "contact", "home", "pricing"])

# An address here names a person, not their employer. As a website they stand for their owners.
FREE_MAIL = _words(
    """
    gmail.com googlemail.com yahoo.com yahoo.co.uk yahoo.fr yahoo.de yahoo.co.jp yahoo.co.in ymail.com hotmail.com
    hotmail.co.uk hotmail.fr hotmail.de outlook.com outlook.de live.com live.co.uk msn.com icloud.com me.com mac.com
    aol.com proton.me protonmail.com pm.me gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de
    mail.ru yandex.ru yandex.com bk.ru list.ru inbox.ru qq.com 163.com 126.com sina.com foxmail.com naver.com
    daum.net hanmail.net rediffmail.com zoho.com mail.com fastmail.com hey.com tutanota.com tuta.io orange.fr
    wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it uol.com.br bol.com.br terra.com.br wp.pl
    onet.pl o2.pl seznam.cz btinternet.com comcast.net verizon.net att.net sbcglobal.net
    """
)

_MAX_INPUT = 2_048  # longer than any URL that a browser sends; what is longer is not an address
# No dot in it, though RFC 3986 allows one: "acme.com:8080" is a host and a port.
_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+-]{0,9}:/{0,2}|//)+", re.IGNORECASE)
_MISTYPED_SCHEME = re.compile(r"^(?:(?:https?|htp|htpp|hhttps?|ttps?)[:;]?/+|https?;)+", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_END = re.compile(r"[/?#\\\s,;|<>\"'()\[\]]")


def registrable_domain(text: str) -> str | None:
    """ "HTTP://www.Acme.co.uk:80/x" → "acme.co.uk", in lower case and A-labels (RFC 5890).

    None where there is no host under a public suffix (an IP address, "www.acme", "n/a") and where the host is one
    that many companies share. An e-mail address gives its domain, unless that is a free-mail provider's.
    """
    text = text.strip()
    head, at, domain = text.rpartition("@")
    if at and "/" not in head:
        text = f"@{domain}"  # who it is changes nothing, and is not to stay in the cache
    return _registrable(text) if len(text) <= _MAX_INPUT else None


@lru_cache(maxsize=65_536)
def _registrable(text: str) -> str | None:
    is_address = "@" in text and "/" not in text.split("@", 1)[0].removeprefix("mailto:")
    host = host_of(text)
    if host is None or is_shared_host(host):
        return None
    found = _SUFFIXES.extract_str(host)
    if not found.suffix or not found.domain:
        return None
    if found.is_private and found.suffix not in _REGISTRIES:
        return None  # acme.github.io: the host's, and acme.github.io stands for one page of it
    domain = f"{found.domain}.{found.suffix}"
    if domain in HOSTING_COMPANIES and not is_address and not _is_own_page(text, host, domain):
        return None
    if is_address and domain in FREE_MAIL:
        return None
    return domain


def _is_own_page(text: str, host: str, domain: str) -> bool:
    if host.removesuffix(domain).rstrip(".") not in _OWN_SUBDOMAINS:
        return False
    path = _SCHEME.sub("", text).partition("/")[2]
    return re.split(r"[/?#]", path, maxsplit=1)[0].lower() in _OWN_PAGES


def is_shared_host(host: str) -> bool:
    """Whether the host, or one it stands under, is shared by many companies. Takes a normalised host."""
    while host:
        if host in SHARED_HOSTS:
            return True
        host = host.partition(".")[2]
    return False


def host_of(text: str) -> str | None:
    """The host of a URL, host or e-mail address in lower case and A-labels; None where there is none.

    Of several addresses in one text the first counts: lists hold "acme.com, acme.de" and "acme.com (was foo.com)".
    """
    if len(text) > _MAX_INPUT:
        return None
    rest = text.strip().strip("<>\"'([").replace("\u3002", ".").replace("\uff0e", ".")
    rest = _SCHEME.sub("", _MISTYPED_SCHEME.sub("", rest))
    rest = _MISTYPED_SCHEME.sub("", rest)  # https://http://acme.com
    host = _END.split(rest, maxsplit=1)[0]
    host = host.rpartition("@")[2].partition(":")[0]
    if "%" in host:
        host = unquote(host)
    host = host.strip(".").lower()
    if "." not in host or _is_ip(host):
        return None
    return _a_labels(host)


def _is_ip(host: str) -> bool:
    if not host[-1].isdigit():
        return False
    try:
        ip_address(host)
    except ValueError:
        return host.replace(".", "").isdigit()
    return True


def _a_labels(host: str) -> str | None:
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        return None
    return host
