"""Domains whose addresses are thrown away, and domains that give anybody an address."""

from disposable_email_domains import blocklist

from tools.domains import FREE_MAIL

# Beside the maintained list: services that it leaves out because they also forward, and whoever wants to be reached
# for business does not use them. More can be added by `extra_disposable`.
_ALSO_DISPOSABLE = """
33mail.com burnermail.io mail-temp.com spamgourmet.com temp-mail.io tempmail.com tempmail.net tempmailaddress.com
"""

# Operators that give addresses under the same name in many countries: yahoo.com.br, hotmail.it, gmx.fr.
_FAMILY_NAMES = """
yahoo hotmail outlook live gmx ymail rocketmail msn windowslive yandex aol protonmail tutanota gmail googlemail
"""
_FAMILIES = frozenset(_FAMILY_NAMES.split())
_COUNTRY_PARTS = frozenset({"com", "co"})  # of "com.br", "co.uk"
# Of a family's name these are another company's.
_NOT_OF_FAMILY = frozenset(
    {"live.eu", "live.org", "live.io", "live.net", "live.co", "gmx.org", "outlook.co", "outlook.org"}
)
_ALSO_FREE = """
tuta.com keemail.me tutanota.de tutamail.com mailfence.com runbox.com posteo.de posteo.net mailbox.org startmail.com
hushmail.com inbox.com inbox.lv mail.ee email.com usa.com europe.com consultant.com engineer.com email.de gmx.info
arcor.de online.de vodafone.de kabelmail.de unitybox.de netcologne.de bluewin.ch sunrise.ch hispeed.ch chello.at
aon.at a1.net neuf.fr bbox.fr club-internet.fr numericable.fr aliceadsl.fr telefonica.net terra.es ono.com
movistar.es tin.it alice.it tim.it email.it iol.it ziggo.nl kpnmail.nl planet.nl home.nl xs4all.nl hetnet.nl
skynet.be telenet.be telia.com tele2.se bredband.net online.no broadpark.no interia.pl gazeta.pl poczta.fm op.pl
centrum.cz post.cz email.cz azet.sk zoznam.sk freemail.hu citromail.hu abv.bg mail.bg ukr.net i.ua rambler.ru
lenta.ru ya.ru bigmir.net cox.net charter.net earthlink.net bellsouth.net optonline.net frontier.com juno.com
netzero.net shaw.ca rogers.com sympatico.ca telus.net bigpond.com optusnet.com.au xtra.co.nz sky.com talktalk.net
ntlworld.com virginmedia.com blueyonder.co.uk tiscali.co.uk globo.com ig.com.br prodigy.net.mx sina.cn sohu.com
yeah.net 139.com 189.cn aliyun.com nate.com walla.com walla.co.il indiatimes.com in.com
"""

DISPOSABLE = frozenset(blocklist) | frozenset(_ALSO_DISPOSABLE.split())
_FREE = FREE_MAIL | frozenset(_ALSO_FREE.split())


def is_free_mail(domain: str) -> bool:
    """Whether anybody may have an address under this domain (lower case, A-labels), whoever employs them."""
    if domain in _FREE:
        return True
    name, _, suffix = domain.partition(".")
    if name not in _FAMILIES or domain in _NOT_OF_FAMILY:
        return False
    *second, country = suffix.split(".")
    if len(country) != 2:
        return suffix == "com"
    return not second or (len(second) == 1 and second[0] in _COUNTRY_PARTS)
