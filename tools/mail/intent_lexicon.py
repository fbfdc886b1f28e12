"""The words by which a reply says what it wants: one list of rules an intent, one line a language or manner.

English, German, French, Spanish; opt-outs also in Italian, Dutch and Portuguese. Adding a language is adding lines.
A word of our own footer ("Unsubscribe: https://…"), quoted back without marks, must never count as theirs.
"""

import re
from enum import StrEnum
from typing import Final


class Intent(StrEnum):
    """In the order of precedence: the first one present decides what happens next."""

    OPT_OUT = "opt_out"
    WRONG_PERSON = "wrong_person"
    NEGATIVE = "negative"
    NOT_NOW = "not_now"
    REFERRAL = "referral"
    WANTS_MEETING = "wants_meeting"
    INTERESTED = "interested"
    QUESTION = "question"
    OBJECTION = "objection"
    UNKNOWN = "unknown"


_I = re.IGNORECASE
_NOT = r"(?:not|n't|nt|no longer|never|hardly)"

_LEXICON: dict[Intent, tuple[str, ...]] = {
    Intent.OPT_OUT: (
        r"\bun-?subscribe\b(?!\s*:?\s*<?https?:)",
        r"\b(?:remove|delete|take|drop) (?:me|us|my (?:e-?mail|name|address|contact|details|data)|this (?:address"
        r"|e-?mail)|our)\b"
        r"(?:.{0,40}\b(?:list|database|mailing|records|system|crm|distribution|contacts|sequence)|\s*(?:off|please"
        r"|now|immediately|[.!]|$))",
        r"\btake (?:me|us) off\b",
        r"\b(?:stop|cease|quit) (?:e-?mailing|mailing|contacting|sending|writing|messaging|spamming|calling"
        r"|bothering|reaching out|the emails?"
        r"|these (?:e-?mails?|messages)|this)\b",
        r"^\W*(?:please )?stop\W*(?:please|now|it)?\W*$",
        r"(?<=[.,!;] )(?:please )?stop[.!]*$",
        r"\b(?:do not|don't|dont|never) (?:e-?mail|contact|write|message|call|send|mail) (?:me|us"
        r"|this address)\b(?! (?:the|a|an|your)\b)"
        r"(?:.{0,15}\b(?:again|any ?more|anymore|any longer|further)|\W*$)",
        r"\b(?:do not|don't|dont|never) (?:contact|e-?mail|write to|message|bother) (?:me|us)\b",
        r"\bno (?:more|further) (?:e-?mails?|messages|mails?|contact|communication)",
        r"\bopt(?:ing)?[- ]?(?:me )?out\b",
        r"\bleave me alone\b|\breport(?:ing|ed)? (?:you|this|it)?\s?(?:as|for) spam\b|\bthis is spam\b"
        r"|\bgdpr\b.{0,60}\b(?:delet|eras|remov)",
        r"\b(?:abmelden|abbestellen|austragen)\b(?!\s*:?\s*<?https?:)|\b(?:keine|nie) (?:weiteren|weitere"
        r"|mehr)?\s?(?:e-?mails?|mails|nachrichten|werbung|kontakt)",
        r"\b(?:nehmen|streichen|löschen|entfernen|tragen) sie (?:mich|uns|meine|unsere|bitte)\b"
        r"|\bkontaktieren sie (?:mich|uns) (?:bitte )?nicht",
        r"\b(?:schreiben|kontaktieren|mailen|senden|schicken) sie (?:mir|mich|uns) (?:bitte )?(?:nicht|nie"
        r"|keine)\b|\bhören sie auf\b|\bunterlassen sie\b",
        r"\b(?:désabonn|désinscri|me désinscrire|me désabonner)\w*(?!\s*:?\s*<?https?:)|\bne (?:me"
        r"|nous) (?:contactez|écrivez|sollicitez)"
        r"|\bcessez de\b|\barrêtez de (?:m'|me |nous )|\bretirez[- ](?:moi|nous)\b|\bplus (?:de mails?|d'e-?mails?"
        r"|de messages?)\b|\bsupprimez (?:mon|mes)\b",
        r"\b(?:darme de baja|darse de baja|dar de baja|deme de baja|denme de baja"
        r"|cancelar (?:mi )?suscripción)\b(?!\s*:?\s*<?https?:)"
        r"|\bno (?:me|nos) (?:contacte|contacten|escriba|escriban|envíe|envíen|moleste)|\b(?:elimine|elimíneme"
        r"|bórreme|quíteme|borre mi)\b"
        r"|\bdeje de (?:enviar|escribir|contactar)|\bno quiero recibir\b",
        r"\b(?:cancellatemi|cancellami|disiscriv\w*|non contattatemi|rimuovetemi|rimuovimi)\b|\b(?:uitschrijven"
        r"|afmelden|schrijf me uit)\b"
        r"(?!\s*:?\s*<?https?:)|\b(?:descadastr\w*|remova-me|me remova|não me contate)\b",
    ),
    Intent.WRONG_PERSON: (
        r"\b(?:wrong (?:person|contact|address|guy|department)|not the right (?:person|contact)|not (?:my"
        r"|our) (?:area|department|responsibility|remit)"
        rf"|(?:am|'m|im|is|are|'re) {_NOT} (?:the (?:one|person)|responsible|in charge|the decision)"
        rf"|no longer (?:with|work(?:ing)? (?:at|for|here))"
        r"|(?:has|have) left the (?:company|organi[sz]ation)|i don't (?:handle|deal with|manage)|mistaken me for)\b",
        r"\b(?:falsche(?:r|n)? (?:ansprechpartner|person|adresse)|nicht (?:der|die) richtige"
        r"|nicht (?:mehr )?zuständig|bin dafür nicht"
        r"|arbeite nicht mehr|hat (?:das|unser) unternehmen verlassen)\b",
        r"\b(?:pas la bonne personne|mauvaise personne|mauvais (?:interlocuteur|contact)|pas (?:le|la) (?:bon"
        r"|bonne) interlocut\w*|ne suis (?:pas|plus) (?:responsable"
        r"|en charge|la personne)|n'est plus (?:chez|dans)|a quitté (?:l'entreprise|la société))\b",
        r"\b(?:no soy la persona|persona equivocada|contacto equivocado|no (?:es|soy) (?:el|la) responsable"
        r"|ya no trabaj[oa]|no me encargo)\b",
    ),
    Intent.NEGATIVE: (
        rf"\b(?:{_NOT}|no|zero|without|isn't|isnt|aren't|arent|wasn't) (?:really |currently |particularly |at all "
        rf"|very |that )?(?:any )?int(?:e)?re?st(?:ed)?\b"
        r"(?! (?:right now|at (?:the|this) (?:moment|time)|for now|yet|now))",
        r"\b(?:do not|don't|dont|doesn't|doesnt|won't|wont|not) (?:need|fit|align|meet|suit|match|require|want"
        r"|see (?:a|the) (?:need|fit|value))\w*\b",
        r"\b(?:isn't|isnt|is not|not|aren't|arent) (?:a )?(?:good |right |great )?(?:fit|match|relevant|aligned"
        r"|something we)\b",
        r"\bno (?:need|thanks|thank you|use|interest|requirement)\b|\bwe(?:'ll| will) pass\b|\bi(?:'ll"
        r"| will) pass (?:on|$)|\bpass on this\b|\bnot for us\b",
        rf"\b(?:{_NOT}|aren't|arent) (?:currently )?(?:looking|open|in (?:the )?market|pursuing|shopping|planning"
        rf"|considering|moving forward|going to)\b",
        r"\bhappy (?:with|w/) (?:our |the )?(?:current |existing |present )?(?:provider|vendor|setup|solution"
        r"|supplier|partner|tool|system)"
        r"|\blocked into\b|\balre?a?dy (?:have|using|use|work(?:ing)? with|got|signed|in place|covered)\b"
        r"|\bwe(?:'re| are) (?:all )?(?:set|good|covered)\b",
        r"\b(?:decided|chosen|gone|going|went) (?:against|with (?:another|someone else|a competitor))\b|\bdecline\b",
        r"\b(?:kein(?:en|e)? (?:interesse|bedarf)|nicht interessiert|nein,? danke|brauchen (?:wir )?nicht"
        r"|benötigen (?:wir )?nicht|nicht relevant|passt nicht"
        r"|haben (?:bereits|schon) (?:einen|eine|ein)|sind (?:gut )?versorgt|sind zufrieden mit|lehnen (?:wir )?ab"
        r"|absage|kommt (?:für uns )?nicht in ?frage)\b",
        r"\b(?:pas (?:du tout |vraiment )?intéressée?s?|non,? merci|pas besoin|aucun (?:intérêt|besoin)"
        r"|ne (?:nous )?correspond pas|nous avons déjà|ne sommes pas intéressés"
        r"|ne souhait\w+ pas|sans suite)\b",
        r"\b(?:no (?:estoy|estamos|me|nos) interes\w+|no,? gracias|no (?:lo )?necesit\w+|ya (?:tenemos|contamos"
        r"|trabajamos)|no es relevante|no encaja|ning[uú]n inter[eé]s)\b",
    ),
    Intent.NOT_NOW: (
        r"\b(?:not|isn't|isnt) (?:a )?(?:priority|the right time|a good time|right now|now|yet|this (?:year"
        r"|quarter|month))\b|\bbad (?:time|timing)\b|\btiming (?:is|isn't|doesn't)\b",
        rf"\b{_NOT} (?:really |currently )?int(?:e)?re?st(?:ed)? (?:right now|at (?:the|this) (?:moment|time)"
        rf"|for now|yet|now)\b|\bno int(?:e)?re?st right now\b",
        r"\b(?:circle|check|reach|get|come|touch base|follow up|revisit|try|ping|contact"
        r"|write)\b.{0,30}\b(?:back )?(?:in|after|next|later)\b.{0,20}"
        r"\b(?:weeks?|months?|quarter|q[1-4]|year|spring|summer|autumn|fall|winter|january|february|march|april"
        r"|may|june|july|august|september|october|november|december|on|down the (?:line|road)|this year)\b",
        r"\bmaybe (?:later|next|in (?:a|the)|another time)\b|\blater (?:this|in the) (?:year|quarter)\b|\b(?:no"
        r"|not in the) budget\b|\bbudget (?:is )?(?:frozen|freeze|gone|spent|closed)"
        r"|\bnext (?:quarter|year|fiscal)\b|\bnot (?:at )?this (?:moment|time)\b|\bat (?:the|this) (?:moment"
        r"|time) (?:we|i)\b.{0,20}\bnot\b|\b(?:busy|swamped|slammed)\b"
        r"|\bon hold\b|\bnot ready\b|\bthis moment\b",
        r"\b(?:zurzeit|derzeit|momentan|im moment|aktuell) (?:leider )?(?:nicht|kein\w*|haben wir kein\w*)"
        r"|\bspäter (?:noch ?mal|wieder)|\b(?:nächstes|kommendes) (?:jahr|quartal)\b"
        r"|\bnächsten (?:monat|monaten)\b|\bkein budget\b|\bpasst (?:gerade|momentan) nicht\b"
        r"|\b(?:noch )?nicht (?:der richtige|so weit)\b|\bmelden sie sich (?:gerne )?(?:in|im|nach|nächste)",
        r"\b(?:pas (?:pour l'instant|en ce moment|maintenant|le bon moment|la priorité|une priorité|prioritaire)"
        r"|plus tard|l'année prochaine|le trimestre prochain|dans (?:quelques|deux|trois|six|\d+) mois"
        r"|recontactez|revenez vers (?:moi|nous)|pas de budget|pas avant)\b",
        r"\b(?:ahora (?:mismo )?no|por (?:el momento|ahora) no|en este momento no|más adelante|el (?:próximo"
        r"|año) (?:año|trimestre|que viene)|dentro de (?:unos|\w+) meses|no es (?:el|buen) momento"
        r"|no es (?:una )?prioridad"
        r"|sin presupuesto|no hay presupuesto|no tenemos presupuesto)\b",
    ),
    Intent.REFERRAL: (
        r"\b(?:forward(?:ed|ing)?|pass(?:ed|ing)?|share|shared|send|sent|hand(?:ed|ing)?) (?:this|it"
        r"|your (?:e-?mail|message|note|details))\b.{0,25}\b(?:to|on|along|over|with)\b",
        r"\b(?:contact|reach out to|talk to|speak (?:to|with)|get in touch with|e-?mail|write to|best person"
        r"|right person|loop(?:ing|ed)? in|cc'?(?:ing|ed)?|adding|copying|connect(?:ing)? you with)\b.{0,40}"
        r"(?:@|\b(?:my|our|the) (?:colleague|manager|boss|team|cto|ceo|cfo|coo|cmo|vp|head|director|procurement)"
        r"|\b(?:is|would be) [A-Z]|\bwho (?:handles|is|runs|manages)\b|instead\b)",
        r"\b(?:wenden sie sich (?:bitte )?an|zuständig (?:ist|dafür ist)|leite (?:ich )?(?:ihre|das|es"
        r"|sie)?.{0,25}weiter|weitergeleitet|ansprechpartner(?:in)? (?:ist|für)|mein(?:e|em|en)? kolleg\w+)\b",
        r"\b(?:adressez-vous à|contactez (?:plutôt |mon |ma |notre )|la (?:bonne )?personne (?:à contacter|est"
        r"|en charge)|je transmets|j'ai transmis|je transfère|mon collègue|ma collègue)\b",
        r"\b(?:póngase en contacto con|contacte (?:a|con) (?:mi|nuestr\w)|la persona (?:indicada|adecuada"
        r"|responsable) es|lo reenv[íi]o|se lo paso a|mi (?:compañer[oa]|colega))\b",
    ),
    Intent.WANTS_MEETING: (
        r"\b(?:schedule?|schdule|book|arrange|set ?up|set|organi[sz]e|find|have|jump on|hop on|do|grab) (?:a |an "
        r"|up |some |the |in a )?(?:quick |short |brief |live |intro(?:ductory)? |product |video )?"
        r"(?:call|meeting|demo|chat|time|discussion|walkthrough|conversation|slot|zoom|teams)\b",
        r"\b(?:let's|lets|let us|happy to|love to|like to|glad to|want to|keen to|can we|could we|shall we|great,"
        r"|talk,|perfect,) ?(?:talk|meet|connect|call|speak|chat|schedule|schdule|catch up|jump on"
        r"|discuss (?:in meeting|by phone|this on))\b",
        r"\b(?:calendar|calendly|availability|available|free|works for (?:me|us)|suits? me)\b.{0,40}\b(?:monday"
        r"|tuesday|wednesday|thursday|friday|tomorrow|next week|this week|\d{1,2}(?::\d\d)? ?(?:am|pm|h|uhr)?|link"
        r"|slots?|times?)\b",
        r"\bsend (?:me |us |over )?(?:an? )?(?:invite|invitation|calendar|times|slots|your availability)\b"
        r"|\b(?:in a |in )meeting\b|\bwhen (?:are you|can we|could we|would you|works)\b"
        r"|\blooking forward to (?:the )?(?:presentation|call|meeting|demo)\b"
        r"|(?:,|!|\.) ?(?:connect|talk|schedule|call)!*$",
        r"\b(?:termin|telefonat|gespräch|kennenlernen|treffen|meeting|call|demo)\b.{0,30}\b(?:vereinbaren"
        r"|ausmachen|machen|finden|führen|planen|passt|möglich|nächste woche)\b|\b(?:vereinbaren|lassen sie uns"
        r"|wann (?:haben|hätten|passt|können))\b.{0,40}\b(?:termin|telefonieren|sprechen|zeit|treffen|gespräch)\b"
        r"|\b(?:rufen sie mich|telefonieren wir|gerne (?:ein )?(?:telefonat|gespräch|termin|call))\b",
        r"\b(?:rendez-vous|rdv|appel|réunion|démo|échang(?:er|eons)|visio)\b.{0,40}\b(?:fixer|planifier|organiser"
        r"|convenir|semaine prochaine|disponible|possible|téléphone|ensemble)\b|\b(?:fixons|planifions|organisons"
        r"|prenons|convenons|appelez-moi|discutons)\b|\bje suis disponible\b",
        r"\b(?:agendar|programar|concertar|reservar|fijar|tener|hagamos|hacer) (?:una |un )?(?:reunión|llamada"
        r"|cita|demo|videollamada)\b|\b(?:hablemos|reunámonos|llámeme|llámame|estoy disponible|cuándo podemos)\b",
    ),
    Intent.INTERESTED: (
        r"\b(?:interested|intrested|intrsted|keen|eager|excited|curious|intrigued)\b|\b(?:sounds?|looks?"
        r"|seems?) (?:very |really |quite |pretty )?(?:good|great|interesting|promising|perfect|fantastic|exciting"
        r"|amazing|useful|relevant|awesome)\b",
        r"\b(?:love|like|want|happy|glad) to (?:learn|hear|know|see|explore|discuss|try|review|find out|read"
        r"|receive|get)\b|\btell (?:me|us) more\b|\b(?:could|would|can) (?:be |really |definitely )?(?:help|solve"
        r"|work|streamline|enhance|useful|great|perfect|game-?changer)\b",
        r"\bsend (?:me |us |over |along |through )?(?:the |a |your |some |more )?(?:proposal|contract|details"
        r"|specs|info(?:rmation)?|materials?|deck|quote)\b|\b(?:yes|sure|absolutely|definitely),? (?:please|i|we"
        r"|let|send|that|go)\b|\bmore (?:info(?:rmation)?|details)\b(?!.{0,15}(?:for|to) (?:my )?team)"
        r"|\bgood timing\b"
        r"|\blet(?:'?s| us) (?:discuss|explore|move forward|proceed|do it|go)\b",
        r"\b(?:interessiert|interessant|interesse|klingt (?:gut|spannend|interessant|super)|gerne mehr"
        r"|mehr (?:erfahren|informationen|infos)|spannend|schicken sie mir (?:gerne|bitte|mehr)"
        r"|senden sie mir (?:gerne|bitte|mehr))\b",
        r"\b(?:intéressée?s?|intéressant|m'intéresse|nous intéresse|en savoir plus|avec plaisir|envoyez-moi"
        r"|volontiers|plus d'informations)\b",
        r"\b(?:me interesa|nos interesa|interesad[oa]s?|interesante|suena bien|saber más|más información|envíeme"
        r"|me gustaría|con gusto)\b",
    ),
    Intent.QUESTION: (
        r"\?",
        r"\b(?:can|could|would|will) (?:you|u) (?:please )?(?:clarify|confirm|provide|send|share|explain|tell"
        r"|let)\b|\b(?:clarify|please provide|please send|please share|plz (?:send|share|provide|clarify))\b"
        r"|\b(?:send|share|provide)\b.{0,40}\b(?:please|plz|pls)\b|\b(?:need|want) (?:more )?(?:details"
        r"|information|info)\b|\b(?:how|what|which|why|where|who) (?:does|do|is|are|much|many|long|exactly|would"
        r"|can)\b|\bpricing\b|\bsend me the details\b",
        r"\b(?:was kostet|wie (?:viel|funktioniert|lange|hoch)|können sie (?:mir|uns)|welche|woher haben sie"
        r"|preise?)\b",
        r"\b(?:combien|comment (?:ça|cela|fonctionne)|pouvez-vous|pourriez-vous|quels? (?:est|sont)"
        r"|quelles? (?:est|sont)|tarifs?)\b",
        r"\b(?:cuánto|cómo funciona|podría|puede (?:usted )?(?:enviar|explicar|indicar)|qué (?:precio|incluye)"
        r"|precios?)\b",
    ),
    Intent.OBJECTION: (
        r"\b(?:too (?:expensive|pricey|costly|complex|complicated|small|big|early|late|risky)|expensive"
        r"|over budget|can't afford|cannot afford|cheaper|security concerns?|concern(?:ed|s)? about|worried about"
        r"|skeptical|sceptical|not convinced"
        r"|already (?:have|use|using|work with)|locked into|happy (?:with|w/)|under contract|contract (?:runs"
        r"|until|with)|competitor|tried (?:this|it|that|something)|didn't work|bad experience|compliance (?:issue"
        r"|concern)|gdpr concern)\b",
        r"\b(?:zu teuer|zu komplex|zu aufwendig|bedenken|datenschutz\w*|vertraglich gebunden|haben (?:bereits"
        r"|schon)|nicht überzeugt|schlechte erfahrung\w*)\b",
        r"\b(?:trop (?:cher|complexe|compliqué)|sous contrat|nous avons déjà|pas convaincu\w*|inquiet|inquiétudes?"
        r"|mauvaise expérience)\b",
        r"\b(?:demasiado (?:caro|complejo)|muy caro|ya tenemos|bajo contrato|no (?:estoy|estamos) convencid\w+"
        r"|nos preocupa|mala experiencia)\b",
    ),
}
RULES: Final = {intent: tuple(re.compile(pattern, _I) for pattern in patterns) for intent, patterns in _LEXICON.items()}
