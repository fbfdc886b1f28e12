"""The words by which people say what they need, doubt, promise and plan: English, German, French, Spanish.

One rule a manner of saying it. A rule reads one sentence, in lower case, with plain apostrophes.
"""

import re
from typing import Final

from agents.discovery.kinds import Kind, Objection


def _any(*rules: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{rule})" for rule in rules))


_VERY = r"(?:really |also |just |still |definitely |desperately |urgently |mainly |basically |certainly |clearly )*"

NEEDS: Final = _any(
    rf"\b(?:i|we)(?:'ll| will|'d| would| do|'re going to)? {_VERY}(?:need|require)\b"
    r"(?! to (?:go|run|leave|stop|think|talk|discuss|jump|drop|ask|check|look|be honest))",
    rf"\bwhat (?:i|we)(?:'re| are|'m| am)? {_VERY}(?:looking for|after|missing|need|lack|want)\b",
    rf"\b(?:we're|we are|i'm|i am) {_VERY}(?:looking for|searching for|missing|losing|struggling|drowning)\b",
    r"\b(?:biggest|main|real|core|key|only|other) (?:problem|issue|challenge|pain(?: point)?|headache|bottleneck"
    r"|frustration|worry is how)\b",
    r"\b(?:i|we|they|my team|our team|people) (?:often |still |always )?(?:struggle|wrestle|fight) (?:with|to)\b",
    r"\b(?:have|having|had|got) (?:a lot of |real |some |big )?(?:trouble|difficulties|difficulty|problems|issues)"
    r" (?:with|keeping|getting|finding|to|in)\b",
    r"\b(?:is|are|'s|was) (?:such |quite |really )?(?:a |an )?(?:real |huge |big |total |complete |absolute )?"
    r"(?:pain|mess|nightmare|bottleneck|headache|chaos|time sink)\b",
    r"\b(?:would|'d) be (?:great|nice|helpful|good|perfect|ideal|amazing|a dream) (?:if|to have|to see|to get)\b",
    r"\b(?:my|our) (?:wish|dream|goal|hope|aim|priority) (?:is|would be)\b",
    rf"\b(?:i|we)(?:'d| would) {_VERY}(?:love|like|want) (?:to (?:have|be able|get rid|automate|see it)|a|an"
    rf"|something)\b",
    r"\b(?:is|are|'s) (?:a must|a must-have|crucial|essential|critical|key|vital|non-negotiable|very important"
    r"|important)\b",
    r"\b(?:matters?|important) (?:most |a lot )?(?:to|for) (?:me|us)\b",
    r"\b(?:we lose|costs us|it takes (?:us|me|my|our)|takes (?:my|our) \w+|eats up)\b",
    r"\btakes? (?:us )?(?:way |far |much )?(?:too long|forever|ages|(?:\w+ ){1,3}(?:hours|days|weeks|months))\b",
    r"\bnobody (?:knows|sees|tells|can|has|notices|owns)\b|\bwe (?:can't|cannot|can not) (?:see|find|track|keep|tell"
    r"|measure|trust|scale)\b|\bwe have no (?:way|overview|idea|visibility)\b",
    r"\b(?:come|comes|arrive|arrives|is|are|run|runs) (?:always |often )?(?:far |way |much )?too (?:late|slow"
    r"|manual)\b",
    r"\b(?:keeps?|keep on) (?:breaking|failing|crashing)\b"
    r"|\b(?:our|my) [\w -]{2,30}? (?:breaks?|fails?|crash(?:es)?|falls? apart)\b",
    # German
    r"\b(?:wir|ich) (?:brauchen?|benötigen?|bräuchten?|suchen?|vermissen?|wünschen? (?:uns"
    r"|mir))\b(?!.{0,40}\bnicht\b)",
    r"\b(?:brauchen|bräuchten|benötigen|suchen) wir\b(?!.{0,40}\bnicht\b)|\bsind auf der suche nach\b",
    r"\b(?:größtes?|unser|mein|das|haupt|eigentliche[sr]?)[ -]?(?:problem|engpass|schmerz|herausforderung|sorge)"
    r"(?: ist|:|,| dabei| liegt)\b|\bproblem ist\b",
    r"\b(?:uns|mir) (?:fehlt|fehlen|ist (?:besonders |sehr )?wichtig|wäre wichtig)\b|\b(?:fehlt|fehlen) uns\b"
    r"|\b(?:wichtig (?:ist|wäre|für uns)|ein muss|unverzichtbar)\b",
    r"\b(?:dauert|kostet uns) (?:\w+ ){0,3}(?:viel zu lange|zu lange|ewig|stunden|tage|wochen)\b|\bschön wäre\b"
    r"|\bwäre (?:toll|schön|super|hilfreich|gut), wenn\b|\bwir (?:verlieren|kämpfen mit|haben (?:große )?probleme)\b",
    # French
    r"\b(?:nous avons|on a|j'ai|nous aurions|on aurait) (?:vraiment |surtout |aussi )?besoin\b"
    r"|\b(?:il nous (?:faut|faudrait|manque)|nous (?:re)?cherchons|on (?:re)?cherche|je cherche)\b",
    r"\b(?:notre|mon|le) (?:plus gros |principal |vrai |grand )?(?:problème|souci|défi)\b"
    r"|\bnous (?:perdons|manquons de|avons du mal)\b",
    r"\b(?:prend|prennent) (?:beaucoup )?trop de temps\b|\b(?:important|essentiel|indispensable) pour nous\b"
    r"|\b(?:ce serait|ça serait) (?:bien|super|idéal) (?:si|de)\b",
    # Spanish
    r"(?<!no )(?<!no los )(?<!no lo )\b(?:necesitamos|necesito|necesitaríamos|buscamos|estamos buscando"
    r"|nos (?:falta|faltan|hace falta|gustaría tener))\b",
    r"\b(?:nuestro|mi|el) (?:mayor |principal |gran |verdadero )?(?:problema|reto|dolor)\b"
    r"|\b(?:perdemos|nos cuesta|tenemos problemas)\b",
    r"\b(?:tarda|tardamos|lleva) (?:\w+ ){0,2}(?:demasiado|horas|días|semanas)\b|\b(?:importante|imprescindible"
    r"|clave)"
    r" para nosotros\b|\bsería (?:ideal|genial|bueno) (?:si|que|tener)\b",
)

OBJECTIONS: Final = {
    Objection.PRICE: _any(
        r"\b(?:too|quite|pretty|rather|very|so|really|sounds|is|be|seems) (?:expensive|pricey|costly)\b",
        r"\b(?:worried|concerned|worries|concern|nervous|surprised|hesitant) (?:\w+ )?(?:about|by|is"
        r"|at) (?:the |your )?"
        r"(?:price|pricing|cost|costs)\b",
        r"\bmore than we (?:can|could|want to|planned|pay|have)\b|\bcan(?:'t|not| not) afford\b|\bover budget\b",
        r"\b(?:no|not in the|not in our|isn't in the|nothing in the) budget\b|\bbudget (?:is )?(?:frozen|gone"
        r"|spent|cut)\b",
        r"\b(?:price|cost|fee) (?:is|are|seems|looks) (?:too |very |quite )?(?:high|steep|a problem|an issue)\b",
        r"\b(?:zu|sehr|ziemlich) teuer\b|\bkein budget\b|\bpreis ist (?:zu )?hoch\b|\b(?:sorgen|bedenken) (?:\w+ )?"
        r"(?:preis|kosten)\b",
        r"\b(?:trop|très) ch(?:er|ère)\b|\bpas (?:de|le) budget\b|\b(?:prix|coût) (?:m'inquiète|nous inquiète"
        r"|est trop)\b",
        r"\b(?:demasiado|muy) car[oa]\b|\b(?:sin|no hay|no tenemos) presupuesto\b|\bpreocupa (?:\w+ )?(?:precio"
        r"|coste)\b",
    ),
    Objection.TIMING: _any(
        r"\b(?:not (?:the right|a good)|a bad|bad|wrong) (?:time|moment|timing)\b|\btiming (?:is|isn't|would be)\b"
        r"(?! (?:good|great|perfect|fine))",
        r"\bnot (?:before|until|this) (?:next |the )?(?:year|quarter|month|summer|autumn|spring|winter|q[1-4])\b",
        r"\b(?:too (?:early|busy)|swamped|slammed|not (?:a|our) priority|no capacity (?:right )?now)\b",
        r"\bpasst (?:es |uns |gerade |im moment )*(?:zeitlich )?nicht\b|\b(?:nicht der richtige|falscher?) "
        r"(?:zeitpunkt|moment)\b|\bkeine priorität\b|\b(?:erst|nicht vor) (?:im )?nächste[ns]\b",
        r"\bpas le bon moment\b|\bpas (?:une |la )?priorité\b|\bpas avant\b",
        r"\bno es (?:el |un )?(?:buen )?momento\b|\bno es (?:una )?prioridad\b|\bno antes de\b",
    ),
    Objection.COMPETITOR: _any(
        r"\balready (?:have|use|using|got|work(?:ing)? with|signed) (?:a |an |our |one|something|somebody|another)?",
        r"\bhappy with (?:our|the|what)\b|\b(?:locked into|under contract|went with|going with) (?:with |another"
        r"|someone)?",
        r"\b(?:haben|nutzen|verwenden) (?:bereits|schon) (?:eine?n?|etwas)\b|\bzufrieden mit (?:unser|dem|der)\b"
        r"|\bvertraglich gebunden\b",
        r"\bnous avons déjà (?:une?|ce|quelque)\b|\bdéjà équipés?\b|\bsatisfaits? de\b",
        r"\bya (?:tenemos|contamos con) (?:una?|algo)\b|\bcontentos con\b",
    ),
    Objection.NEED: _any(
        r"\b(?:do not|don't|dont|can't|cannot) (?:really |yet |actually )?(?:see|get|understand) (?:the|any|a"
        r"|what|why|how"
        r" (?:this|that|it)) (?:benefit|value|point|need|advantage|use|difference|we would)\b",
        r"\b(?:do not|don't|dont|doesn't) (?:really |actually )?need\b|\bno need for\b|\bnot relevant\b",
        r"\bkein(?:en)? (?:bedarf|mehrwert|nutzen)\b|\bbrauchen (?:wir )?(?:das |eigentlich |so etwas )?nicht\b",
        r"\bpas besoin\b|\baucun besoin\b|\bne vo(?:is|yons) pas l'(?:intérêt|utilité)\b",
        r"\bno (?:lo |los |la |las )?necesitamos\b|\bno nos hace falta\b|\bno ve(?:o|mos) (?:el|la) (?:valor"
        r"|utilidad)\b",
    ),
    Objection.TRUST: _any(
        r"\bhow do (?:i|we) know\b|\b(?:worried|concerned|nervous|worry|unsure|not sure|doubts?|concerns?)\b.{0,40}"
        r"\b(?:data|security|privacy|gdpr|lawyers?|legal|compliance|cloud|safe|trust|vendors?)\b",
        r"\b(?:bad|poor|terrible) experiences?\b|\b(?:never heard of|don't know) (?:you|your company)\b"
        r"|\btoo (?:small|young|new) a (?:company|vendor)\b|\b(?:burnt|burned) (?:before|by)\b",
        r"\b(?:bedenken|sorgen?|unsicher)\b.{0,40}\b(?:daten|sicherheit|cloud|recht)|\bschlechte erfahrung",
        r"\b(?:inqui[eè]te?s?|préoccupée?s?|craintes?|doutes?)\b.{0,40}\b(?:données|sécurité|rgpd|cloud)"
        r"|\bmauvaises? expériences?\b",
        r"\b(?:preocupa|preocupad[oa]s?|dudas?)\b.{0,40}\b(?:datos|seguridad|rgpd|nube)|\bmalas? experiencias?\b",
    ),
    Objection.EFFORT: _any(
        r"\b(?:huge|big|a lot of|too much|massive|enormous) (?:an )?(?:effort|work|hassle|change|project)\b",
        r"\b(?:worried|afraid|concerned|doubt|worry|concerns|nervous)\b.{0,40}\b(?:adopt|use it|training|learn|migrat"
        r"|switch|rollout|roll-out|onboarding|accept it|resist)\w*",
        r"\b(?:team|people|users|staff|drivers|colleagues|they)\b.{0,30}\b(?:won't|will not|hate|refuse|resist)\b",
        r"\b(?:who|how) (?:would|will|is going to|are we going to) (?:set|run|maintain|migrate|implement)\b",
        r"\b(?:switching|migrating|moving|changing over|training|rolling)\b.{0,40}\b(?:hard|painful|difficult|effort"
        r"|nightmare|hassle|tough)\b|\b(?:don't|do not) have (?:the )?(?:people|capacity|resources|time) (?:to"
        r"|for)\b",
        r"\b(?:zu viel|großer|riesiger|hoher) aufwand\b|\b(?:umstellung|einführung|schulung)\b.{0,30}\b(?:schwierig"
        r"|aufwand|schwer|aufwendig|aufwändig)",
        r"\btrop (?:de travail|compliqué|lourd)\b|\b(?:migration|formation)\b.{0,30}\b(?:difficile|lourde"
        r"|compliquée)\b",
        r"\bdemasiado (?:trabajo|esfuerzo|complicado)\b|\b(?:migración|formación)\b.{0,30}\b(?:difícil|complicada)\b",
    ),
    Objection.TERMS: _any(
        r"\b(?:can't|cannot|won't|don't want to) commit\b|\b(?:years?|months?|contract|notice period|term"
        r"|commitment) (?:is|are)"
        r" (?:way |far |much )?too long\b|\b(?:bothers?|dislike|don't like)\b.{0,40}\b(?:contract|terms|lock-in)\b",
        r"\b(?:vertrag|laufzeit|kündigungsfrist)\b.{0,30}\b(?:zu lang|stört|problem)",
        r"\b(?:contrat|engagement|durée)\b.{0,30}\btrop long(?:ue)?\b",
        r"\b(?:contrato|permanencia|plazo)\b.{0,30}\bdemasiado larg[oa]\b",
    ),
}

_DOES = (
    r"(?:send|mail|e-?mail|share|prepare|draft|write|set|get|introduce|check|talk|speak|discuss|come back|ring"
    r"|call|follow up"
    r"|put|review|provide|give|forward|ask|arrange|book|schedule|organi[sz]e|let you|look into|find out|confirm"
    r"|invite"
    r"|create|connect|deliver|build|pull|circulate|bring|update|clarify|compile|work out|run it|make sure"
    r"|have (?:it|that"
    r"|them|the)|finish|sort|collect|gather|test|upload|sign|loop|raise|take this|take it|show you)"
)
COMMITMENTS: Final = _any(
    rf"\b(?:i|we|[a-z]+ and i)(?:'ll| will|'m going to| am going to|'re going to| are going to)"
    rf" (?:then |also |certainly |definitely |gladly |personally |quickly |be happy to |try to )?{_DOES}\b",
    r"\b(?:i|we) can (?:give|send|share|get|prepare|introduce|provide|arrange) (?:you|the|it|that|them|a)\b",
    r"\byou(?:'ll| will) (?:have|get|receive|hear from)\b",
    r"\blet me (?:check|discuss|ask|talk|get back|confirm|find out|look into|raise|clarify|come back)\b",
    r"\b(?:ich|wir) (?:schicken?|senden?|melden? (?:mich|uns)|bereiten?|klären?|frage|fragen|sprechen?|spreche"
    r"|prüfen?"
    r"|besorgen?|leiten?|erstellen?|organisieren?|stelle|teste|lasse|kümmere mich|rufe"
    r"|werde[n]?)\b.{0,60}\b(?:ihnen|sie"
    r"|dir|euch|das|dem|vor|an|ab|mit|unser|unsere|die|ein|eine|morgen|bis|zu|zusammen)\b",
    r"\b(?:schicke|sende|melde|liefere|besorge) (?:ich|mich|ihnen|dir)\b",
    r"\b(?:je|nous|on) (?:vous |te |lui |leur )(?:envoie|envoyons|enverrai|enverrons|transmets|transmettrai|prépare"
    r"|préparerai|rappelle|rappellerai|tiens|confirme|confirmerai|fais|ferai|donne|donnerai|mets|mettrai)\b",
    r"\b(?:je|nous) (?:prépare|préparons|préparerai|vais (?:vous )?(?:envoyer|préparer|vérifier|demander|parler"
    r"|voir|rappeler)"
    r"|vérifie|vérifierai|reviens vers|reviendrai vers|en parle|en parlerai|demande à|demanderai)\b",
    r"\b(?:le|les|te|os) (?:envío|enviaré|enviamos|enviaremos|mando|mandaré|mandamos|paso|pasaré|preparo"
    r"|prepararé|confirmo"
    r"|confirmaré|llamo|llamaré|haré llegar)\b",
    r"\b(?:prepararé|preparo|revisaré|consultaré|hablaré con|hablo con|lo consulto"
    r"|voy a (?:enviar|mandar|preparar|consultar|hablar|revisar|pasar)\w*)\b",
)
# What is done within the call, or is no promise at all.
NO_COMMITMENTS: Final = _any(
    r"\b(?:share|sharing) my screen\b|\bthink about it\b|\bbe (?:quick|honest|brief|frank)\b"
    r"|\b(?:right )?now\b[.!]?$",
    r"\bget (?:there|to that|straight|back to (?:it|that|your question))\b|\bask you (?:a|one|something)\b"
    r"|\bput it (?:this way|differently)\b|\bgive you (?:a|an) (?:example|idea|overview|second|moment)\b"
    r"|\btake (?:a|your) (?:note|seat|moment)\b|\bshow you (?:quickly|how|what)\b|\brefund\b.{0,20}\beverything\b",
)

NEXT_STEPS: Final = _any(
    r"\bnext steps?\b(?! (?:for you|is up))",
    r"\b(?:let's|let us|shall we|should we|we should|we could|why don't we|i(?:'d)? (?:suggest"
    r"|propose)(?: that)?(?: we| you)?"
    r"|how about|can we|could we)\b.{0,40}\b(?:meet|schedule|book|plan|catch up|reconvene|speak again|talk again"
    r"|touch base|call|workshop|demo|trial|pilot|follow-?up|session|sync)\b",
    r"\b(?:lassen sie uns|lass uns|wollen wir|sollen wir|sollten wir|können wir"
    r"|wir sollten)\b.{0,60}\b(?:treffen|sprechen"
    r"|telefonieren|vereinbaren|planen|termin|zusammensetzen|besprechen|workshop|test)\w*|\bnächste[rn]? schritt",
    r"\bprochaines? étapes?\b|\b(?:reparlons|revoyons|rencontrons|fixons|planifions|retrouvons|rappelons"
    r"|organisons)\b"
    r"|\b(?:on pourrait|nous pourrions|pourrions-nous|peut-on)\b.{0,40}\b(?:revoir|reparler|rendez-vous|réunion"
    r"|essai|démo)",
    r"\b(?:siguientes?|próximos?) pasos?\b|\b(?:hablemos|quedemos|fijemos|agendemos|reunámonos|veámonos"
    r"|organicemos)\b"
    r"|\b(?:podríamos|podemos)\b.{0,40}\b(?:reunirnos|hablar|quedar|reunión|prueba|demo)",
)
REQUESTS: Final = _any(
    r"\b(?:could|can|would|will) you (?:please |also |maybe |possibly |kindly )*(?:send|share|e-?mail|mail|give"
    r"|forward|provide"
    r"|introduce|set up|prepare|include|get us|get me|show us|call|write|put|find out|check)\b",
    r"\bplease (?:also )?(?:send|include|share|add|prepare|forward|call|give|mail|provide|put)\b",
    r"\b(?:i|we)(?:'d| would)(?: also| still)? (?:like|love|want) to (?:see|get|receive|talk to|speak (?:to"
    r"|with)|try|test)\b",
    r"\b(?:können|könnten|würden) sie (?:mir|uns|bitte|noch|das)\b.{0,60}\b(?:schicken|senden|zeigen|geben|nennen"
    r"|zukommen|prüfen|klären|einrichten|vorbereiten)\b|\b(?:schicken|senden) sie (?:mir|uns)\b",
    r"\b(?:pouvez|pourriez)[- ]vous\b.{0,40}\b(?:envoyer|transmettre|préparer|montrer|donner|partager|vérifier)\b"
    r"|\benvoyez[- ](?:moi|nous)\b",
    r"\b(?:puede|pueden|podría|podrían|puedes)\b.{0,20}\b(?:enviar|mandar|pasar|preparar|mostrar|dar)\w*\b"
    r"|\b(?:envíe(?:n)?|mande(?:n)?)(?:me|nos)\b",
)
NO_NEXT_STEPS: Final = _any(
    r"\b(?:talk|speak) about\b|\bget back to (?:it|this|the)\b|\bhear me\b|\bsee my screen\b|\blet's (?:see"
    r"|start|go|begin)\b",
)

OTHERS: Final = {
    Kind.BUDGET: _any(
        r"\b(?:our|the|a|my) (?:\w+ )?budget\b.{0,40}\d|\bbudget(?:ed)?\b.{0,30}\d|\d.{0,30}\bbudget(?:ed)?\b",
        r"\b(?:set aside|allocated|earmarked|put aside|reserved)\b.{0,40}\d|\b(?:can|could|will|would"
        r"|willing to|want to)"
        r" (?:spend|pay|invest)\b.{0,30}\d",
        r"\b(?:eingeplant|vorgesehen|zurückgelegt|budgetiert)\b|\bbudget von\b",
        r"\b(?:prévu|budgété|mis de côté)\b.{0,30}\d|\d.{0,30}\b(?:prévus?|budgétés?)\b|\bbudget de\b.{0,20}\d",
        r"\bpresupuesto de\b.{0,20}\d|\b(?:reservado|previsto|destinado)s?\b.{0,30}\d",
    ),
    Kind.AUTHORITY: _any(
        r"\b(?:i|we) (?:can|may) (?:sign|approve|decide)\b|\bgoes to (?:our|the|my) (?:cfo|ceo|board|boss"
        r"|director|head|manager)\b",
        r"\b(?:cfo|ceo|cto|coo|cio|board|boss|owner|director|head of [\w ]{2,30}|manager|management|committee"
        r"|procurement|legal"
        r"|finance|headquarters)\b.{0,20}\b(?:signs?|decides?|approves?|(?:has|have|needs?) to (?:approve|sign"
        r"|decide|agree)"
        r"|makes? the (?:final )?(?:call|decision))\b",
        r"\b(?:makes?|make|have|has) the (?:final|last) (?:call|decision|say|word)\b|\bdecision (?:is|lies"
        r"|rests) (?:with|up to)\b",
        r"\b(?:i|we) (?:only|just|can only) recommend\b|\b(?:i'm|i am) (?:the one who decides"
        r"|the decision[- ]maker)\b"
        r"|\b(?:it's|that's|it is|that is|that would be|it would be) me (?:and|together)\b"
        r"|\bneeds? (?:the )?(?:approval|sign-?off) (?:of|from)\b|\b(?:my|not my) (?:decision|call)(?: alone)?\b",
        r"\bentscheidung (?:trifft|liegt|fällt)\b|\b(?:geschäftsführung|vorstand|chef(?:in)?|einkauf|zentrale"
        r"|leitung)\b"
        r".{0,20}\bentscheide[tn]\b|\b(?:entscheide|unterschreibe) (?:ich|das)\b"
        r"|\bdarf ich (?:selbst )?(?:entscheiden"
        r"|unterschreiben)\b|\bmuss (?:der|die|unser\w*) [\w -]{3,30} (?:freigeben|zustimmen|unterschreiben)\b",
        r"\bqui (?:décide|signe|valide|tranche)\b|\b(?:direction|directeur|directrice|siège"
        r"|conseil)\b.{0,25}\b(?:décide|signe"
        r"|valide|doit)\b|\bla décision (?:revient|appartient|est prise)\b|\bc'est moi qui décide\b",
        r"\bla decisión la (?:toma|tomamos|tomo)\b|\b(?:decide|firma|aprueba) (?:el|la|mi|nuestr[oa])\b"
        r"|\b(?:director|dirección"
        r"|gerencia|consejo|jefe|jefa)\b.{0,20}\b(?:decide|firma|aprueba|debe aprobar)\b",
    ),
}
_WHEN = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|spring|summer"
    r"|autumn|fall"
    r"|winter|season|christmas|easter|quarter|q[1-4]|year|month|week|day|january|januar|februar|märz|mai|juni"
    r"|juli|oktober"
    r"|dezember|quartal|jahr\w*|monat\w*|sommer|herbst|winter|frühjahr|janvier|février|mars|avril|juin|juillet|août"
    r"|septembre|octobre|novembre|décembre|trimestre|été|automne|hiver|printemps|rentrée|enero|febrero|marzo"
    r"|abril|mayo|junio"
    r"|julio|agosto|septiembre|octubre|noviembre|diciembre|verano|otoño|invierno|primavera|año|mes"
    r"|\d{1,2}[./]\d{1,2})"
)
TIMELINE: Final = _any(
    rf"\b(?:go(?:ing)? live|be live|up and running|in place|roll(?:ed)? ?out|launch|start|begin|switch"
    rf"|compliant|ready|done|decide"
    rf"|decision|finished|operational|productive|implemented|sign)\b.{{0,40}}\b(?:by|before|until|from"
    rf"|at the end of|in|no later)"
    rf"\b.{{0,25}}\b{_WHEN}\b",
    rf"\b(?:contract|licen[cs]e|subscription|agreement)\b.{{0,25}}\b(?:ends?|expires?|runs? (?:out|until)"
    rf"|is up)\b.{{0,25}}{_WHEN}",
    rf"\bdeadline\b.{{0,30}}\b{_WHEN}\b",
    rf"\b(?:bis|vor|ab|im|zum|spätestens)\b.{{0,20}}\b{_WHEN}\b.{{0,40}}\b(?:produktiv|live|starten"
    rf"|entscheid\w+|einführen|laufen"
    rf"|fertig|umstellen|beginnen|umgestellt|eingeführt)\b|\bvertrag\b.{{0,20}}\b(?:läuft|endet)\b.{{0,25}}{_WHEN}",
    rf"\b(?:démarrer|commencer|lancer|décider|déployer|être prêts?|en production)\b.{{0,25}}\b(?:avant|d'ici|en"
    rf"|au|fin|dès)\b"
    rf".{{0,20}}{_WHEN}|\bcontrat\b.{{0,25}}\b(?:expire|se termine|finit)\b.{{0,20}}{_WHEN}",
    rf"\b(?:empezar|arrancar|comenzar|lanzar|decidir|implantar|estar listos|en marcha)\b.{{0,25}}\b(?:antes de"
    rf"|en|para|a finales"
    rf" de|desde)\b.{{0,20}}{_WHEN}|\bcontrato\b.{{0,25}}\b(?:vence|termina|acaba)\b.{{0,20}}{_WHEN}",
)
# Read with its capitals: the name is what begins with one.
RIVALS: Final = re.compile(
    r"(?:\b(?:[Uu]s(?:e|es|ing)|[Ww]ork(?:s|ing)? with|been with|[Ee]valuating|[Cc]omparing(?: you"
    r"| it)?(?: with| to)?"
    r"|[Ll]ooking at|[Cc]onsidering|[Tt]alking to|[Tt]rial (?:of|with)|[Dd]emo (?:of|with|from)"
    r"|[Ss]witched (?:from|to)"
    r"|customers? of|signed with|quotes? from|offers? from|happy with|shortlisted|tested|tried"
    r"|[Aa]rbeiten (?:derzeit |aktuell |schon )?mit|[Nn]utzen (?:derzeit |aktuell |schon |bereits )?"
    r"|[Vv]erwenden|[Ss]etzen"
    r"|[Vv]ergleichen (?:\w+ )?mit|[Aa]ngebot von|[Uu]tilis(?:ons|e)(?: déjà| actuellement)?"
    r"|[Tt]ravaill(?:ons|e) avec|[Cc]omparons(?: \w+)? avec|[Uu]samos(?: ya)?|[Tt]rabajamos con|[Uu]tilizamos"
    r"|[Cc]omparando con|[Ee]valuando)\s+)((?:[A-ZÀ-Þ][\w&.’'-]*[\w])(?:\s+[A-ZÀ-Þ][\w&-]*\w){0,2})"
)
NOT_RIVALS: Final = frozenset(
    [
        "i",
        "we",
        "you",
        "excel",
        "email",
        "word",
        "outlook",
        "it",
        "erp",
        "crm",
        "hr",
        "cfo",
        "ceo",
        "cto",
        "coo",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "english",
        "german",
        "french",
    ]
)

# Not said of here and now: a supposition, or a question that nobody answers with it.
SUPPOSED: Final = _any(
    r"^(?:and |so |but |well,? )?(?:if|suppose|supposing|imagine|assuming|let's say|say) \b",
    r"^(?:und |also )?(?:wenn|falls|angenommen|stellen sie sich vor)\b|^(?:et )?(?:si|supposons|imaginons"
    r"|imaginez)\b",
    r"^(?:y )?(?:si|supongamos|imagine|imaginemos)\b",
)
# An order to a machine that reads along. A sentence with one holds nothing that is proposed.
ORDERS: Final = _any(
    r"\b(?:assistant|system|note[- ]?taker|chatgpt|ai|bot|model|agent)\b\s*[:,]",
    r"\b(?:ignore|disregard|forget)\b.{0,30}\b(?:instructions?|previous|prior|rules|above)\b"
    r"|\bnew instructions?\b|\byou are now\b",
    r"\bdeveloper mode\b|\bsystem prompt\b|\b(?:please )?(?:record|note|write down|output|mark|register|add"
    r"|confirm|delete)\b.{0,40}"
    r"\b(?:that [a-z]+ [a-z]+ said|as (?:won|done|confirmed)|commitments?|findings?|all other|everything"
    r"|other notes)\b",
    r"[{}<>\[\]]|\"kind\"|```",
)
QUOTED: Final = re.compile(r"[“\"„«][^“”\"„«»]{3,}[”\"“»]")
