"""The words by which a reply says what it wants: one list of rules an intent, one line a language or manner.

English, German, French, Spanish; opt-outs, objections, erasure and threats with the law also in Italian, Dutch and
Portuguese, opt-outs also in Scandinavian languages, Polish, Czech and Finnish. Adding a language is adding lines.
A word of our own footer ("Unsubscribe: https://…"), quoted back without marks, must never count as theirs.
"""

import re
from enum import StrEnum
from functools import cache

from tools.mail.intent_words_of_law import ABUSES, ERASES, IS_CUSTOMER, OBJECTS, THREATENS
from tools.mail.intent_words_of_leaving import LEAVES


class Intent(StrEnum):
    """In the order of precedence: the first one present decides what happens next."""

    OPT_OUT = "opt_out"  # also the objection of GDPR Art. 21
    ERASURE = "erasure"  # GDPR Art. 17
    LEGAL_THREAT = "legal_threat"
    HOSTILE = "hostile"
    WRONG_PERSON = "wrong_person"
    ALREADY_CUSTOMER = "already_customer"
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
    Intent.OPT_OUT: (*LEAVES, *OBJECTS),
    Intent.ERASURE: ERASES,
    Intent.LEGAL_THREAT: THREATENS,
    Intent.HOSTILE: ABUSES,
    Intent.ALREADY_CUSTOMER: IS_CUSTOMER,
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
        r"\b(?:not (?:involved in|my call|my decision|mine|the person|who you want|one of my|something i (?:handle"
        r"|deal|own)|up to"
        r" me)|(?:isn't|is not|aren't|not) (?:mine|me|my (?:area|job|role|thing|call|decision|department|team))|moved"
        r" (?:on )?to (?:the"
        r" |a |an )?(?:\w+ ){1,3}(?:side|team|role|department)|have nothing to do with|don't (?:do|own|run|look after"
        r"|work (?:in"
        r"|on))|wrong (?:number|e-?mail|inbox|team|company)|(?:handle|look after|work in|do|run) [\w &-]{2,30}, not\b"
        r"|someone else (?:handles|deals|looks after))\b",
        r"\b(?:nicht (?:mein (?:bereich|thema|gebiet)|verantwortlich|der ansprechpartner)|bin (?:ich )?(?:leider"
        r" )?nicht (?:die|der)"
        r"|falsch bei mir|damit nichts zu tun|anderen? bereich|andere abteilung)\b|\b(?:ce n['’]est pas (?:moi|mon"
        r" domaine|de mon"
        r" ressort)|je ne m['’]occupe pas|ne relève pas de|(?:no llevo|no es mi (?:área|tema|departamento)|no me"
        r" corresponde|no me"
        r" ocupo|se equivoca de persona))\b",
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
        r"\b(?:it's |it is |that's |hard |firm )?a (?:hard |firm |clear )?(?:no|pass) (?:from|for) (?:me|us)\b|\bnot"
        r" (?:something (?:we|i)"
        r"|for (?:me|us)|our thing|my thing|what we)\b|\bwon't be (?:taking|moving|going|needing|buying|proceeding)\b"
        r"|\b(?:we have|there"
        r" are|we've got|have) no (?:plans?|intention|appetite|desire|reason)\b|\bdecided (?:to build|to stay|not to"
        r"|otherwise)"
        r"|\b(?:build|built|building|do|doing|did) (?:it|this|that) (?:ourselves|in-?house|internally)\b|\bcount (?:me"
        r"|us) out\b"
        r"|\bnot (?:moving|going) (?:forward|ahead)\b|\b(?:went|going|gone|go|signed|stay\w*|stick\w*) with (?:another"
        r"|a different|someone"
        r"|our (?:current|existing)|what we have)|\bno,? (?:we|i) (?:do not|don't|won't|are not|aren't|am not)\b"
        r"|^\W*(?:no|nope|nah)\W*$",
        r"\b(?:kein (?:thema|bedarf|interesse)|nichts für uns|kommt für uns nicht|haben uns (?:anders|dagegen)"
        r" entschieden"
        r"|nein danke|machen (?:das|wir das) selbst|nicht vorgesehen|sehen keinen bedarf)\b",
        r"\b(?:ne (?:nous|m['’]) ?intéress\w+ pas|pas pour nous|n['’]avons pas (?:besoin|l['’]utilité)|sommes (?:déjà"
        r" )?équipés"
        r"|ne donnerons pas suite|pas notre (?:sujet|priorité))\b|\b(?:no (?:nos|me) (?:interesa|hace falta|conviene)"
        r"|no es para nosotros"
        r"|no vamos a|estamos (?:bien|satisfechos|cubiertos))\b",
        r"\balready (?:booked|hired|chose|chosen|picked|bought|signed|committed|decided|sorted|contracted|selected)\b"
        r"|\b(?:have|has"
        r"|got|handle|do|manage|run|keep) (?:\w+ ){0,3}in[- ]?house\b|\bin[- ]?house (?:team|it|people|staff)\b"
        r"|\b(?:do not|don't) have"
        r" (?:a|any) (?:need|use)\b|\bnot required\b|\bour own (?:team|people|system|tool)\b",
        r"\b(?:ne|n['’]) ?(?:\w+ ){0,2}donn\w+ pas suite\b|\bpas d['’]actualité\b|\bon (?:va )?(?:garde|reste)\w*\b"
        r"|\bhaben (?:schon"
        r"|bereits) (?:jemanden|alles|eine lösung)|\bya (?:hemos|tenemos) (?:contratado|elegido|firmado|proveedor)",
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
        r"\b(?:give (?:me|us) a (?:shout|nudge|call|ring)|(?:nudge|ping|call|e-?mail|message|mail|remind|try|find|get)"
        r" (?:me|us))"
        r"\b.{0,20}\b(?:in|after|around|come|once|next)\b"
        r".{0,25}\b(?:january|february|march|april|may|june|july|august|september|october|november|december|q[1-4]"
        r"|quarter|summer"
        r"|spring|autumn|fall|winter|christmas|holidays?|new year|year end|break|months?|year)\b|\bpick (?:this|it)"
        r" (?:back )?"
        r"up (?:again )?(?:in|after|next|later)\b|\b(?:timing is|timing's) (?:off|bad|wrong)|\b(?:can|could|has to"
        r"|must|needs to)"
        r"(?: this)? wait (?:until|till)|\bwait until (?:after )?\w+|\bbudget(?:'s| is| has been)? (?:closed|locked"
        r"|frozen|gone|set)"
        r"|\b(?:crazy|hectic|mad) (?:week|month|quarter|time)|\b(?:in the middle of|mid-?)\s?(?:an? )?(?:migration"
        r"|acquisition|merger"
        r"|move|reorg\w*|audit|launch|project)|\bafter the (?:summer|holidays?|break|year end)|\bmaybe next\b",
        r"\b(?:melden sie sich|schreiben sie mir|rufen sie|kommen sie|versuchen sie)\b.{0,30}\b(?:januar|februar|märz"
        r"|april|mai|juni"
        r"|juli|august|september|oktober|november|dezember|herbst|frühjahr|sommer|winter|jahr|quartal|wochen"
        r"|monaten)\b",
        r"\b(?:revenez|recontactez|relancez|rappelez|écrivez)\b.{0,30}\b(?:janvier|février|mars|avril|mai|juin|juillet"
        r"|août|septembre"
        r"|octobre|novembre|décembre|rentrée|mois|printemps|automne|été|hiver|année)\b|\b(?:escríb|llám|contáct"
        r"|vuelv)\w*\b.{0,30}"
        r"\b(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|otoño|verano"
        r"|año|meses"
        r"|trimestre)\b",
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
        r"\b(?:try|ask|see|contact|e-?mail|write to|speak (?:to|with)|talk to|ping|loop in|copy in|cc|reach)"
        r" (?-i:[A-Z])\w+"
        r"(?: (?:(?-i:[A-Z])[\w'’-]+|in|from|at|who|instead|please|on))|\b(?:would be|is) the (?:right |best"
        r" )?(?:person|one|contact)"
        r"\b.{0,30}|\b(?:copied|cc'?d|cced|looped in|adding|added|copying) (?:him|her|them|(?-i:[A-Z])\w+)|\bwrite to"
        r" \S+@\S+"
        r"|\b(?:she|he|they) (?:runs?|handles?|owns?|leads?|looks? after|is in charge)\b|\b(?:belongs|goes) to (?:our"
        r"|my) \w+ team\b",
        r"\b(?:an|mit|bei) (?:frau|herrn?) (?-i:[A-ZÄÖÜ])\w+.{0,30}\b(?:wenden|sprechen|melden|schreiben)?|\bfragen"
        r" sie (?:bitte )?"
        r"(?:bei )?(?:frau|herrn?|(?-i:[A-ZÄÖÜ])\w+)|\b(?:voyez|contactez|adressez-vous|parlez|écrivez)[ -](?:avec |à "
        r"|plutôt )?"
        r"(?:m\. |mme |madame |monsieur )?(?-i:[A-ZÉÈ])\w+|\b(?:hable|contacte|escriba|póngase en contacto|diríjase)n?"
        r" (?:con |a )"
        r"(?-i:[A-ZÁÉÍÓÚ])\w+",
        r"\b(?:looping|copying|cc'?ing|adding) in\b|\b(?:try|ask|contact|e-?mail) (?:our|the|my) (?:\w+ ){1,2}(?:team"
        r"|department|desk"
        r"|lead|manager|head|office)\b",
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
        r"\b(?:do|have|arrange|put|book|stick|pencil|get|throw)\b.{0,30}\b(?:minutes?|walk-?through|diary|calendar"
        r"|call|demo|session"
        r"|coffee|time)\b.{0,30}\b(?:with|in|for|on|next|this|tomorrow|monday|tuesday|wednesday|thursday|friday|team)\b"
        r"|\b(?:let's|lets|let us) (?:talk|meet|chat|speak|connect)\b|\bsend (?:me |us |over )?(?:an? |the"
        r" )?(?:calendar )?invit\w+"
        r"|\bcalendly\b|\bi'?m (?:free|available|around)\b|\b(?:monday|tuesday|wednesday|thursday|friday"
        r"|tomorrow)\b.{0,30}\b(?:works?"
        r"|suits?|is good|is fine|would be good)\b|\bwhen (?:can|could|shall) we (?:talk|meet|speak)\b|\bbefore we"
        r" meet\b",
        r"\bpasst (?:ihnen|es|dir|euch)\b.{0,50}|\b(?:montag|dienstag|mittwoch|donnerstag|freitag"
        r"|morgen)\b.{0,20}\b(?:passt|ginge"
        r"|geht|wäre)\b|\b(?:kurz|gern|mal) (?:telefonieren|sprechen|austauschen|treffen)\b|\b(?:je suis|suis)"
        r" (?:libre|dispo\w*)\b"
        r"|\bpour en (?:parler|discuter)\b|\b(?:podemos|podríamos|quiero|quisiera) (?:hablar|vernos|reunirnos"
        r"|agendar)\b|\b(?:tengo|estoy)"
        r" (?:libre|disponible|hueco)\b",
        r"\bconnect (?:on|over|by|via) (?:a |the )?(?:call|phone|zoom|teams|video)\b|\b(?:plan|find|make|set aside)"
        r" (?:some |a little )?"
        r"time\b|\b(?:call|phone|ring|reach) me (?:on|at|under)\b|\bis my (?:mobile|number|cell|phone)\b",
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
        r"\b(?:(?:be|am|are|i.m|we.re) up for|on board|count me in|exactly (?:what|the problem)|just what we|perfect"
        r" timing|go on|colour me|worth a look)\b"
        r"|\b(?:sure|ok|okay|yes|great),? (?:send|share|show|shoot)\b|\bsend (?:it |them )?over\b|\b(?:gern|gerne)"
        r" (?:unterlagen|mehr"
        r"|weiter|zu)\b|\bcuénteme más\b|\bm['’]en dire plus\b",
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
        r"\b(?:my|our|the|one|only|main|biggest) (?:worry|concern|fear|doubt|issue|problem|reservation|hesitation)"
        r" (?:is|would be|here)"
        r"|\b(?:worried|afraid|nervous|unsure|doubtful|sceptical|skeptical|unconvinced)\b|\bpricey\b|\b(?:do not"
        r"|don't) have (?:the"
        r" )?(?:authority|budget|money|bandwidth|resources)|\b(?:tied to|committed to|stuck with|contract (?:with"
        r"|until))\b"
        r"|\b(?:decides?|decision) (?:is|lies|sits)? ?(?:with|by) (?:our|my|the)\b",
    ),
}


@cache
def rules_of(intent: Intent) -> tuple[re.Pattern[str], ...]:
    """Compiled when the first reply is read: whoever reads none does not wait for it."""
    return tuple(re.compile(pattern, _I) for pattern in _LEXICON.get(intent, ()))
