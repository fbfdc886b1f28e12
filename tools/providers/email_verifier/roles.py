"""Mailboxes that are nobody in particular: the organisation, its departments, its machines (RFC 2142 and after).

The words are those that people put before the @ in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish
and the Scandinavian languages. First names and surnames that are also a role are left out: a person wrongly taken for
a role is a lead lost, a role taken for a person a wasted mail.
"""

import re

_ROLES = """
info infos information contact contacts contactus hello hi hey hola office offices team mail email emails general
enquiries enquiry enquire inquiries inquiry reception receptionist frontdesk company group all everyone everybody
staff members member corporate corp headquarters hq board committee trustees kontakt kontakte buero buro sekretariat
zentrale empfang post poststelle verwaltung geschaeftsleitung geschaeftsfuehrung vorstand anfrage anfragen auskunft
mitarbeiter alle contacto contactos contactenos contactanos oficina recepcion administracion direccion gerencia
secretaria consultas atencion atencionalcliente atencioncliente clientes informacion informacoes informazioni
informations bonjour accueil courrier secretariat direction contactez equipe commerciaux contatto contatti
segreteria direzione amministrazione ufficio clienti contato atendimento faleconosco administracao diretoria geral
secretariado administratie receptie klantenservice directie biuro sekretariaat kontor reception kundeservice
kundtjanst asiakaspalvelu myynti sales sale vertrieb verkauf ventas venta vendite vendas ventes vente commercial
commerciale comercial commerciaal verkoop sprzedaz salg forsaljning presales bizdev businessdevelopment newbusiness
export marketing mktg pr press presse prensa stampa imprensa pers media news newsletter newsletters events event
veranstaltungen eventos evenements eventi advertising advertise werbung publicidad publicidade pubblicita ads adops
social socialmedia brand branding content communications comms communication kommunikation comunicacion
comunicazione comunicacao community editorial editor editors redaktion redaction redaccion redazione redacao webinar
webinars partners partner partnerships affiliate affiliates alliances sponsors sponsorship reseller resellers
dealers support supports help helpdesk servicedesk service services servicio servicios servizio servicos
customerservice customerservices customersupport customercare customersuccess customer customers client clients
clientservices care success feedback complaints beschwerde reklamation soporte suporte soutien assistance assistenza
asistencia kundenservice kundendienst kundenbetreuung serviceclient serviceclients tickets technical technik
technique tecnico techsupport hotline returns orders order bestellung bestellungen pedidos pedido commandes commande
ordini ordine zakaz zamowienia bestelling shop store tienda boutique onlineshop webshop ecommerce versand shipping
delivery livraison envios warehouse lager billing invoice invoices invoicing rechnung rechnungen rechnungswesen
factura facturas facturacion facturation factures fatturazione fatture faturamento faktury faktura accounts account
accounting accountspayable accountsreceivable ap ar buchhaltung contabilidad contabilidade contabilita comptabilite
compta boekhouding ksiegowosc bogholderi ekonomi finance finances finanzen finanzas financeiro finanza treasury
tesoreria payments payment pagos payroll nomina credit procurement purchasing purchase purchases einkauf compras
achats achat acquisti inkoop zakupy suppliers supplier vendors vendor proveedores fornitori fornecedores
fournisseurs tenders rfp hr humanresources human_resources humanressources personal personnel personalabteilung
people peopleops rh rrhh recursoshumanos risorseumane jobs job career careers karriere emploi empleo lavoro vagas
vacatures praca recruiting recruitment recruiter recrutement recruit reclutamiento talent talents bewerbung
bewerbungen ausbildung curriculum cv internship interns apprenticeship legal compliance privacy gdpr dsgvo rgpd dpo
datenschutz dataprotection datenschutzbeauftragter recht juridico juridique copyright dmca licensing ethics
operations ops logistics logistik logistica logistique dispo disposition fleet facilities facility maintenance
planning produktion production produccion quality qualitaet qualite calidad qa safety einsatz it itsupport ithelp
itdepartment edv informatica informatique informatik systems sistemas software engineering dev devs developer
developers development research rnd product products produkt design designers ux studio data database databases
cloud infra infrastructure network devops platform integration implementation onboarding training trainings academy
akademie education schulung formation formacion formazione learning courses kurse students student teachers library
events bibliothek investors investor ir shareholders founders founder ceo cfo cto coo cio cmo directors director
president management executive executives leadership owner owners ombudsman abuse spam phishing fraud security cert
csirt soc incident outage status admin admins administrator administrators administration administrador
administrateur adm hostmaster postmaster webmaster webadmin noc root sysadmin system systemadmin server backup
mailer mailer-daemon mailerdaemon mailman noreply no-reply no_reply donotreply do-not-reply do_not_reply noresponse
nobody null devnull bounce bounces unsubscribe subscribe subscriptions list lists listserv majordomo request
requests usenet uucp www web website wordpress ftp dns ssl-admin ssladmin smtp domains domain hosting alerts alert
alarm alarms notifications notification notify updates update reminder reminders reports report stats metrics
monitor monitoring automation daemon robot calendar test testing tests demo trial signup signups login register
registration registrations registrar membership reservation reservations reservas reservierung reservierungen
booking bookings buchung buchungen prenotazioni rsvp tickets travel concierge appointments termine termin donate
donations volunteers volunteering survey surveys questions quotes quote offers offer angebot angebote devis
presupuesto presupuestos preventivi submissions submit applications application download downloads join catering
projects project projekte wholesale retail franchise leasing rental rentals properties property
"""
_ROLE_WORDS = frozenset(_ROLES.split())

# Beside a role these make no person of it: "sales-team", "hr_department", "support-eu".
_BESIDE = """
payable receivable
team teams group dept department abteilung desk center centre service services line the our my us all main global
world international intl emea apac latam dach eu uk usa de fr es it nl at ch pl se dk no be pt br mx ca au in cn jp
north south east west europe asia america germany deutschland france espana italia austria schweiz inbox mailbox box
request requests notification notifications alerts updates auto bot online digital new
"""
# Followed by a place or a product they are still a role. A first name that is also a role ("ads.", "ar.") is not here.
_PLACED = """
info contact kontakt contacto sales vertrieb ventas support jobs careers office buero press billing hr service
reception marketing reservations bewerbung
"""
_BESIDE_ROLE = frozenset(_BESIDE.split())
_WITH_PLACE = frozenset(_PLACED.split())
_DIGITS = re.compile(r"[\d._-]+$")  # info2, sales-3
_PARTS = re.compile(r"[._-]+")
_NO_REPLY = re.compile(r"(?:^|[._-])(?:no|do[._-]?not|dont|keine?)[._-]?(?:reply|response|antwort(?:en)?)(?:$|[._-])")
# Grown together without a mark between: "salesteam", "supportteam", "marketingdept".
_GROWN = re.compile(r"(.{2,})(?:team|dept|department|group|desk|office|admin)")


def is_role(local: str) -> bool:
    """Whether a local part in lower case names a role: "info", "sales+eu", "support2", "jobs.berlin", "hr-team"."""
    name = local.partition("+")[0]
    bare = _DIGITS.sub("", name)
    if not bare:
        return bool(name)  # only digits and marks: nobody's name
    if name in _ROLE_WORDS or bare in _ROLE_WORDS or _NO_REPLY.search(name):
        return True
    grown = _GROWN.fullmatch(bare)
    if grown and (grown.group(1) in _ROLE_WORDS or grown.group(1) in _BESIDE_ROLE):
        return True
    parts = [part for part in _PARTS.split(bare) if part]
    if len(parts) < 2:
        return False
    roles = sum(part in _ROLE_WORDS for part in parts)
    if roles and all(part in _ROLE_WORDS or part in _BESIDE_ROLE for part in parts):
        return len(parts[0]) > 2 or parts[0] in ("hr", "it", "pr", "qa")
    return "." in name and parts[0] in _WITH_PLACE
