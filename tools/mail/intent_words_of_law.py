"""Words after which a lead is a person's affair: the law, a threat with it, abuse, and a customer of ours mistaken for
a prospect. The law in seven languages, the rest in English, German, French and Spanish; a line a language or manner.

A right that is claimed in passing ("as the GDPR says, delete it") counts as claimed. A mail that merely speaks of
lawyers or of data protection ("our legal team uses it", "is it GDPR compliant?") claims nothing.
"""

from typing import Final

# GDPR Art. 17: everything about them is to go. Art. 21, the objection, is an opt-out: see `OBJECTS`.
_MINE_EN = r"(?:all|any|my|our|me|us|whatever|everything|anything|that you|you (?:have|hold|store|keep))"
ERASES: Final = (
    # A verb of deleting, something held, and a word that makes it theirs: "delete old backups" has no owner.
    rf"\b(?:delet(?:e|ed|ing|ion of)|eras(?:e|ed|ing|ure of)|remov(?:e|ed|ing|al of)|destroy|wip(?:e|ed|ing)|purg(?:e"
    rf"|ed"
    rf"|ing)|scrub|expunge|clear|get rid of)\b.{{0,30}}\b(?:{_MINE_EN}|personal)\b.{{0,25}}\b(?:data|information"
    r"|info|details|records?)\b",
    r"\b(?:delete|erase|wipe|purge|destroy|remove|scrub)\b.{0,12}\b(?:everything|anything|whatever|all(?: of)? (?:that"
    r"|what"
    r"|you)|the lot)\b.{0,40}\b(?:me|us|hold|have|store|stored|keep|kept|collected|know)\b",
    r"\b(?:everything|anything|data|information|info|details|records?)\b.{0,50}\b(?:deleted|erased|destroyed|wiped"
    r"|purged"
    r"|removed)\b|\bright to (?:erasure|be forgotten|deletion)\b|\b(?:art(?:icle|\.)?) ?17\b|\b(?:erasure|deletion)"
    r" request\b|\bforget me\b|\b(?:keep|hold|store) no(?:thing| data| record\w*)\b.{0,20}\b(?:me|us)\b",
    r"\b(?:delete|erase|wipe|purge) (?:all (?:the )?)?(?:records?|data|information|details) (?:relating to|about|on|of"
    r"|concerning) (?:me|us)\b",
    r"\b(?:lösch\w*|loesch\w*|entfern\w*|vernicht\w*|tilg\w*)\b.{0,60}\b(?:daten|angaben|informationen|datensätze|alles"
    r"|einträge)\b(?!.{0,20}\b(?:kunden|automatisch)\b)|\b(?:daten|angaben|informationen|alles)\b.{0,60}\b(?:zu löschen"
    r"|gelöscht|löschen|löschung|entfernen|vernichten|vernichtet)\b|\blöschung\b.{0,60}\bdaten\b|\b(?:art\.?|artikel)"
    r" ?17\b"
    r"|\brecht auf (?:löschung|vergessen)|\bdatenlöschung\b",
    r"\b(?:supprim\w+|suppression|effac\w+|détrui\w+|destruction|élimin\w+)\b.{0,60}\b(?:données|informations"
    r"|coordonnées|fichiers|tout ce que)\b|\bdroit (?:à l['’](?:effacement|oubli)|de suppression)\b",
    r"\b(?:elimin\w+|borr\w+|suprim\w+|supresión|cancel\w+)\b.{0,60}\b(?:datos|información|todo lo que)\b|\bderecho"
    r" (?:de supresión|al olvido|de cancelación)\b|\bart(?:ículo|\.) ?17\b",
    r"\b(?:cancell\w+|elimin\w+|rimuov\w+|rimozione|distru\w+)\b.{0,60}\b(?:dati|informazioni|tutto ciò|tutto quello)\b"
    r"|\bdiritto (?:all['’]oblio|alla cancellazione)\b|\barticolo 17\b",
    r"\b(?:verwijder\w*|wis|wissen|gewist|vernietig\w*|verwijdering)\b.{0,60}\b(?:\w*gegevens|data|informatie|alles)\b"
    r"|\b(?:\w*gegevens|informatie|alles)\b.{0,60}\b(?:verwijderd?|verwijderen|wissen|gewist|vernietigen|vernietigd)\b"
    r"|\brecht op (?:vergetelheid|gegevenswissing|verwijdering)\b",
    r"\b(?:apag\w+|elimin\w+|exclu\w+|delet\w+|remo[vç]\w+|destru\w+)\b.{0,60}\b(?:dados|informações|tudo o que)\b"
    r"|\bdireito (?:ao esquecimento|ao apagamento|à eliminação|à exclusão)\b|\bartigo 17\b",
)
OBJECTS: Final = (
    r"\b(?:i|we) (?:hereby |formally |strongly )?object to\b.{0,60}\b(?:data|information|marketing|mail|contact|process"
    r"|profil|us(?:e|ing)|e-?mail)",
    r"\b(?:withdraw|withdrew|withdrawn|revoke|revoking|withdrawing)\b.{0,30}\bconsent\b|\bart(?:icle|\.)? ?21\b"
    r"|\b(?:do not|don't|never) consent\b|\bright to object\b|\bwithout (?:my|our) consent\b",
    r"\bwiderspr(?:eche|echen|uch)\b.{0,80}\b(?:daten|verarbeitung|nutzung|werbung|zusendung|kontakt|ds-?gvo)"
    r"|\b(?:verarbeitung|nutzung|werbung|daten)\b.{0,60}\bwiderspr(?:eche|echen|uch)\b"
    r"|\b(?:widerrufe|einwilligung\b.{0,30}\bwiderruf\w*|widerruf\w*\b.{0,30}\beinwilligung)\b"
    r"|\b(?:lege|legen) .{0,20}widerspruch ein\b",
    r"\b(?:je m['’]oppose|nous nous opposons|m['’]opposer|droit d['’]opposition|retir\w+ mon consentement"
    r"|sans (?:mon|notre) (?:consentement|accord))\b",
    r"\b(?:me opongo|nos oponemos|oponerme|derecho de oposición|(?:retiro|revoco) (?:mi|el) consentimiento"
    r"|sin mi consentimiento)\b",
    r"\b(?:mi oppongo|ci opponiamo|oppormi|diritto di opposizione|(?:revoco|ritiro) (?:il )?(?:mio )?consenso"
    r"|senza (?:il )?(?:mio )?consenso)\b",
    r"\bbezwaar\b.{0,60}\b(?:gegevens|verwerking|gebruik|marketing|reclame|mail\w*)|\b(?:maak|maken|teken) (?:ik"
    r" )?(?:hierbij )?"
    r"bezwaar\b|\brecht van bezwaar\b|\b(?:trek|intrekken)\b.{0,30}\btoestemming\b|\bzonder (?:mijn )?toestemming\b",
    r"\b(?:oponho-me|opomo-nos|me oponho|opor-me|direito de oposição|(?:retiro|revogo) (?:o )?(?:meu )?consentimento"
    r"|sem (?:o )?meu consentimento)\b",
)
# An authority, or a lawyer, and that somebody goes to it: one who looks at a contract threatens nobody.
_AUTHORITY = (
    r"(?:ico|ftc|dpc|dpa|data protection (?:authority|commission\w*|agency|regulator)|regulators?|information"
    r" commissioner"
    r"|supervisory authority|cnil|aepd|trading standards|ofcom|attorney general|authorities)"
)
THREATENS: Final = (
    r"\b(?:legal (?:action|proceedings|steps|consequences)|take (?:you|this) to court|see you in court|in court|cease"
    r" and"
    r" desist|sue|suing|lawsuit|litigation|(?:lawyers?|attorneys?|solicitors?|legal (?:counsel|team"
    r"|department))\b.{0,50}"
    r"\b(?:contact(?:ing)? you|hear|write to you|involved|will be in touch|act against|pursue|after you|letter)"
    r"|(?:letter|hear(?:ing)?|call|word) from (?:my|our) (?:lawyers?|attorneys?|solicitors?|legal)"
    r"|(?:passing|handing|forwarding|passed|handed|turning|take|taking|going|goes|escalat\w+) (?:this|it|you|your \w+)?"
    r"\s?(?:on |over )?to (?:my|our) (?:lawyers?|attorneys?|solicitors?|legal (?:counsel|team|department))"
    r"(?!.{0,30}\b(?:review|sign|contract))|(?:my|our) (?:lawyers?|attorneys?|solicitors?) will)\b",
    rf"\b(?:report|reporting|reported|complaint|complain|complaining|notify|notifying)\b.{{0,50}}\b{_AUTHORITY}\b"
    r"|\b(?:you(?:'re| are)|this is|what you(?:'re| are) doing is|that is|that's|it is) (?:\w+ )?(?:violating|breaking"
    r"|in"
    r" (?:breach|violation) of|a (?:breach|violation) of|illegal|unlawful|against the law|harass\w+)\b(?! content)",
    r"\b(?:anwalt|anwältin|anwälte\w*|anwaltlich|rechtsanwalt\w*|rechtsabteilung)\b.{0,60}\b(?:einschalten|übergeben"
    r"|wenden"
    r"|vorgehen|eingeschaltet|hören von|von sich hören)|\b(?:an|zu|bei|mit) (?:meinen|unseren|meinem|unserem|meine"
    r"|unsere)r?"
    r" (?:rechts)?(?:anwalt|anwältin|anwälte)\b|\brechtliche schritte\b|\babmahn\w*|\bmahn\w* .{0,20}\bab\b"
    r"|\bunterlassungs\w+|\bstrafanzeige\b|\b(?:zeige|zeigen) sie an\b|\bunlauter\w*|\bverklag\w*"
    r"|\b(?:aufsichtsbehörde|datenschutzbehörde|datenschutzbeauftragten|verbraucherzentrale"
    r"|landesbeauftragten)\b.{0,50}"
    r"\b(?:melden|gemeldet|beschwer\w+|einschalten|informieren)|\b(?:beschwerde|melde\w*)\b.{0,40}\b(?:aufsichtsbehörde"
    r"|datenschutzbehörde|verbraucherzentrale|datenschutzbeauftragten)\b",
    r"\b(?:poursui\w+(?: (?:judiciaires?|en justice))|action en justice|voie judiciaire|(?:mon|notre|nos) avocats?\b"
    r"(?!.{0,30}\b(?:contrat|relit|relisent)\b)|mise en demeure|porter plainte|porterai plainte|plainte (?:à|auprès"
    r" de) la"
    r" cnil|saisi\w* la cnil|signal\w+ (?:à|auprès de) la cnil|à la cnil)\b",
    r"\b(?:acciones legales|medidas legales|(?:mi|nuestro|nuestros) abogados?\b(?!.{0,30}\bcontrato\b)|demandar\w*"
    r"|(?:denunci\w+|reclamación)\b.{0,50}\b(?:aepd|agencia|protección|autoridad|policía)|voy a denunciar\w*|les"
    r" denunciaré"
    r"|burofax)\b",
    r"\b(?:vie legali|azioni? legal[ei]|(?:mio|nostro|nostri|miei) (?:avvocat|legal)[oi]\b(?!.{0,30}\bcontratto\b)"
    r"|diffid\w+"
    r"|querel\w+|denunci\w+|(?:segnal\w+|reclamo|esposto|ricorso)\b.{0,30}\b(?:garante|autorità))\b",
    r"\b(?:juridische stappen|(?:mijn|onze) (?:advocaat|advocaten|jurist)\b(?!.{0,30}\bcontract\b)|aangifte|rechtszaak"
    r"|(?:klacht|melding|meld\w*)\b.{0,30}\b(?:autoriteit persoonsgegevens|toezichthouder|ap|acm|consumentenbond))\b",
    r"\b(?:ação judicial|acções legais|ações legais|medidas legais|processar(?:ei)?|(?:meu|nosso|nossos) advogad\w+"
    r"(?!.{0,30}\bcontrato\b)|(?:queixa|denúncia|reclamação|denunci\w+)\b.{0,40}\b(?:cnpd|anpd|procon|autoridade"
    r"|polícia))\b",
)
ABUSES: Final = (
    r"\b(?:f+u+c+k+|f\*+k|piss off|go to hell|screw you|shove it|get lost|asshole|arsehole|bastards?|bullshit"
    r"|idiots?|morons?|scumbags?|shut (?:the \w+ )?up|you people are (?:disgusting|pathetic|scum)|sick of you"
    r"|drop dead|clowns?|crooks?|scammers?|pathetic|garbage|rubbish|disgusting|disgraceful|shameful|shame on you|jerks?"
    r"|leeches|parasites?|bugger off|bog off|bite me|how dare you)\b",
    r"\b(?:verpiss\w*|arschl\w+|scheiß\w*|leck mich|halt die klappe|idioten?|ihr spinnt|frechheit|unverschämt\w*"
    r"|dreckskerl\w*|blödsinn|schwachsinn|verschwinde\w*|hau\w* ab|widerlich|abzocke\w*|betrüger\w*|dreist\w*"
    r"|unverfroren\w*)\b",
    r"\b(?:allez vous faire|va te faire|connards?|enfoirés?|foutez-moi|merde|bande d['’]\w+|casse-toi|dégagez|escrocs?"
    r"|arnaqueurs?|honteux|c['’]est une honte|fichez-moi|n['’]importe quoi)\b",
    r"\b(?:vete a la|váyanse|que os den|gilipollas|idiotas?|imbéciles?|mierda|cabr[oó]n\w*|déjenme en paz|al diablo|al"
    r" carajo|estafadores|sinvergüenzas?|vergüenza|qué asco)\b",
)
IS_CUSTOMER: Final = (
    r"\b(?:i am|i'm|we are|we're|we have been|we've been|i have been) (?:already )?(?:an? |your )?(?:existing |current "
    r"|paying |long-?time |loyal )?(?:customers?|clients?|users?|subscribers?) (?:of (?:yours|you|your \w+)|already"
    r"|since|for|with you)\b",
    r"\b(?:already|currently) (?:a |an |your )?(?:paying )?(?:customers?|clients?|subscribers?)\b|\bwe (?:already )?"
    r"(?:use|pay for|bought|subscribe to|have) your (?:product|software|service|platform|tool)\b|\bour (?:account"
    r"|contract|subscription) with you\b",
    r"\b(?:bin|sind) (?:doch )?(?:schon|bereits|längst) (?:\w+ )?(?:kunden?|kundin)\b|\b(?:schon|bereits) (?:ihr"
    r"|ihre|euer|eure|bei ihnen) kunden?\b|\bnutzen ihr (?:produkt|tool)\b|\bihre? (?:software|lösung) (?:schon"
    r"|bereits)\b|\bsind bereits bei ihnen\b",
    r"\b(?:déjà (?:un |une |vos |votre )?(?:clients?|clientes?)|nous utilisons déjà votre|clients? chez vous)\b",
    r"\b(?:ya (?:soy|somos) (?:cliente|clientes)|ya usamos su|ya utilizamos su|somos clientes suyos)\b",
    # Time spent with us, money paid to us, or ours in use.
    r"\b(?:i've|we've|i have|we have|been) (?:actually |already )?(?:been )?(?:on|using|with) (?:your|you)(?: \w+){0,3}"
    r" (?:since|for|plan|package|product|platform)\b|\b(?:renewed|signed (?:up)?|bought|purchased|subscribed)\b.{0,25}"
    r"\b(?:with you|from you|your (?:product|platform|service|plan|software|tool))\b.{0,40}\b(?:last|since|ago|already"
    r"|in"
    r" \w+|\d{4})\b|\byou (?:already )?have us\b|\balready (?:pay|paying|subscribed|on board with you|work with you"
    r"|use you)\b|\bas (?:a|an) (?:existing |current |paying )?(?:customer|client|subscriber) of yours\b",
    r"\b(?:arbeiten|sind|nutzen|zahlen)\b.{0,30}\b(?:seit|schon|bereits)\b.{0,30}\b(?:mit ihnen|bei ihnen|ihre?n?"
    r" (?:software"
    r"|lösung|produkt|tool|system))\b|\b(?:seit|schon|bereits)\b.{0,30}\b(?:mit ihnen zusammen|kunden? bei ihnen|ihr"
    r" kunde)",
    r"\b(?:clients? (?:depuis|de votre)|utilisons (?:déjà )?votre|travaillons déjà avec vous|déjà abonnés?)\b",
    r"\b(?:clientes? (?:suyos|de ustedes|vuestros|desde)|ya trabajamos con ustedes|usamos (?:ya )?su)\b",
)
