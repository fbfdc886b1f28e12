"""Mailboxes that are nobody in particular, and domains whose addresses are thrown away."""

# The organisation, its departments, its machines (RFC 2142 and what grew around it).
_ROLES = """
info information contact contactus hello hi hey office team mail email general enquiries enquiry inquiries
inquiry reception frontdesk company group all everyone staff members corporate headquarters kontakt kontakte
buero sekretariat zentrale contacto oficina bonjour accueil contatto segreteria sales sale vertrieb ventas
vendite commercial commerciale marketing pr press presse media news newsletter events advertising ads partners
partner partnerships affiliate affiliates support help helpdesk service services customerservice
customersupport customercare customersuccess care success feedback complaints returns orders order bestellung
shop store billing invoice invoices rechnung accounts accounting accountspayable accountsreceivable ap ar
finance payments payroll procurement purchasing einkauf hr humanresources jobs job career careers recruiting
recruitment talent bewerbung bewerbungen empleo legal compliance privacy gdpr dpo datenschutz dataprotection
operations ops logistics it itsupport engineering dev developers development research product design training
education board investors investor ir founders ceo cfo cto management ombudsman abuse admin administrator
administration hostmaster postmaster webmaster webadmin noc security root sysadmin system mailer-daemon
mailerdaemon noreply no-reply no_reply donotreply do-not-reply bounce bounces unsubscribe subscribe list
listserv majordomo owner request requests usenet uucp www ftp dns ssl-admin ssladmin alerts alert
notifications notification updates nobody daemon bot test testing spam registration register reservations
booking bookings
"""

# The long-lived ones, as their operators' names are known; whoever wants thousands adds `extra_disposable`.
_DISPOSABLE = """
10minutemail.com 10minutemail.net 20minutemail.com 33mail.com burnermail.io discard.email discardmail.com
discardmail.de dispostable.com dropmail.me einrot.com emailondeck.com emailtemporanea.com fakeinbox.com
fakemail.net fakemailgenerator.com getairmail.com getnada.com grr.la guerrillamail.biz guerrillamail.com
guerrillamail.de guerrillamail.info guerrillamail.net guerrillamail.org guerrillamailblock.com
harakirimail.com inboxbear.com inboxkitten.com jetable.org mail-temp.com mail.tm mail7.io mailcatch.com
maildrop.cc mailexpire.com mailinator.com mailinator.net mailinator2.com mailnesia.com mailnull.com
mailpoof.com mailsac.com mailtothis.com mintemail.com moakt.com mohmal.com mytemp.email mytrashmail.com
nada.email notsharingmy.info nwytg.com pokemail.net sharklasers.com shieldedmail.com spam4.me spambox.us
spamex.com spamgourmet.com spamherelots.com spamhereplease.com spamthisplease.com suremail.info temp-mail.io
temp-mail.org tempail.com tempinbox.com tempmail.com tempmail.net tempmailaddress.com tempmailo.com
tempr.email throwawaymail.com throwam.com tmpmail.net tmpmail.org trash-mail.com trashmail.at trashmail.com
trashmail.de trashmail.io trashmail.me trashmail.net trashmail.org trashmailer.com trbvm.com wegwerfemail.de
wegwerfmail.de wegwerfmail.net wegwerfmail.org yopmail.com yopmail.fr yopmail.net zippymail.info armyspy.com
cuvox.de dayrep.com fleckens.hu gustr.com jourrapide.com rhyta.com superrito.com teleworm.us
"""

ROLES = frozenset(_ROLES.split())
DISPOSABLE = frozenset(_DISPOSABLE.split())
