"""How people say that the mail is to end: lines a language, made of the same few parts, and what only sounds like it.

To miss one is the worse mistake (a person is written to who said no), so each part knows many words. `KEEPS` is taken
out of a sentence before the rules read it: what denies the wish ("don't unsubscribe me"), what speaks of somebody
else's ("how do your recipients opt out?"), and other senses of the same words ("stop by our booth").
"""

import re
from functools import cache
from typing import Final

_I = re.IGNORECASE
_FOOTER = r"(?!\s*(?:here)?\s*:?\s*<?https?:)"  # our own footer, quoted back without marks, is not theirs
_END = r"(?=\s*(?:$|[.,;:!?)]|please|pls|now|today|immediately|at once|asap|thanks|thank|and\b|or\b|as\b))"

# ---------------------------------------------------------------------------------------------------------- English
_POST = (
    r"(?:e-?mail(?:s|ing)?|mail(?:s|ing|ings)?|messag(?:e|es|ing)|texts?|texting|contact(?:ing|s)?|contact attempts"
    r"|writing|send(?:ing)?|calling|calls|ringing|phoning|spam(?:ming)?|bothering|pestering|harassing|soliciting"
    r"|marketing"
    r"|newsletters?|communications?|correspondence|outreach|reaching out|follow[- ]?ups?|following up|campaigns?"
    r"|sequences?|pitch(?:es|ing)?|solicitations?|promotions?|offers|junk|notifications?|reminders?|chasing|nagging)"
)
_MINE = (
    r"(?:me|us|(?:my|our)(?: own| work| business| personal| company| private)?(?: e-?mail| mail)?(?: name|"
    r" address(?:es)?"
    r"| e-?mails?| mail| contacts?| details| data| info(?:rmation)?| number| record| company| firm| domain| inbox"
    r"| team)?|this(?: e-?mail)?(?: address| e-?mail| contact| inbox| number| domain)|everyone at \S+)"
)
_LIST = (
    r"(?:lists?|mailings?|database|records?|systems?|crm|distribution|contacts|sequences?|campaigns?|outreach|books"
    r"|files?|rotation|cadence|rolodex|newsletters?|subscriptions?|audience|e-?mails?|mails|spam|roster|registry)"
)
_ENGLISH = (
    rf"\b(?:un-?subscrib(?:e|ed|ing)|unsub|de-?register|opt(?:ing|ed)?[- ]?(?:me |us )?out|opt-?out)\b{_FOOTER}",
    rf"\b(?:remove|delete|take|drop|strike|scratch|cross|get|pull|leave|exclude|keep) {_MINE}\b"
    rf"(?:.{{0,12}}\b(?:off|out of|from|of)\b.{{0,30}}\b{_LIST}\b| ?(?:off|out)\b{_END})",
    rf"\b(?:remove|delete|strike|exclude) {_MINE}{_END}",
    rf"\b(?:remove|delete|take|drop|strike|get) {_MINE} (?:off|out of) (?:of )?(?:your|this|the|whatever|any|that)\b"
    r"(?! (?:invite|invitation|meeting|call|thread|cc|calendar|trial|beta))",
    r"\b(?:removed|deleted|unsubscribed|taken off|excluded|struck|dropped)\b(?:.{0,12}\b(?:off|from)\b.{0,30}"
    rf"\b{_LIST}\b|(?<=be removed)|(?<=be taken off)|(?<=get removed)|(?<=be unsubscribed))",
    r"\b(?:stop|cease|quit|end|halt|discontinue|refrain from|desist from|knock off)"
    rf"(?: with| all| any| further| the| these| those| this| your| sending| doing| up){{0,4}} {_POST}\b"
    r"(?! (?:by|at|over|in|from|until|till|before|for (?:now|a))\b)",
    rf"\b(?:stop|cease|quit) (?:all )?(?:this|these|it)\b{_END}",
    r"(?:^|[.,!;:-] ?|\bplease |\bpls |\bjust |\bthen |\bnow |\band )stop(?: now| it| all| please| right now| already"
    r"| immediately)*\W*$",
    # A word alone, as people answer a text message.
    r"^\W*(?:stop(?: ?all)?|end|quit|cancel|remove(?: me)?|unsub|opt ?out|enough|no more|arr[êe]t(?:e|er|ez)?|stopp?"
    r"|abmelden|baja|alto|basta|parar?|pare|sair|quero sair|cancelar|stoppen|afmelden|afmeld|avregistrera)\W*(?:please"
    r"|pls|now"
    r"|thanks|bitte|svp|merci|por favor|grazie|venligst)?\W*$",
    r"\b(?:do not|don't|dont|never) (?:reach out|follow up|get in touch|get back|come back|ask|try|bother|knock|be in"
    r" touch)"
    r"(?: to (?:me|us)| with (?:me|us)| (?:me|us))?\b.{0,12}\b(?:again|any ?more|any longer|ever)\b",
    r"\b(?:do not|don't|dont|never|please not) (?:ever |bother |try to )*(?:e-?mail|contact|write|message|call|phone"
    r"|ring|text|send"
    r"|mail|bother|pitch|spam|approach|solicit|follow up with|reach out to) (?:to )?(?:me|us|this (?:address|number"
    r"|e-?mail|inbox)|here)\b(?! (?:the|a|an|your|before|until|till|on|at|about|for|with|tomorrow|this|next|in|right"
    r" now|now|while|yet|so|too)\b)",
    r"\b(?:do not|don't|dont|never) (?:e-?mail|contact|write|message|call|phone|ring|text|send|mail)(?: to)?(?: me| us"
    r"| this (?:address|number|e-?mail|inbox))?\b.{0,40}"
    r"\b(?:again|any ?more|any longer|further|more|ever)\b",
    r"\b(?:do not|don't|dont|never) (?:send|write|mail|e-?mail)(?: any| me| us)* (?:more|further|another|additional"
    r"|such|these|this|anything|unsolicited)\b",
    r"\b(?:(?:do not|don't|dont|no longer|not|never|didn't|did not|wouldn't|would not) (?:really |even |ever |actually"
    r" )?"
    r"(?:want|wish|care|like|consent|agree|asked|ask|interested in|keen on)|(?:rather|prefer|please) not|not (?:to"
    r" )?be)"
    r"(?: to| for| be| get| getting| being| receive| receiving| any| anymore| you){0,5} (?:receiv\w*|hear\b.{0,12} from"
    r"|contacted|e-?mailed|messaged|written to|solicited|marketed to|(?:any )?(?:more|further)(?: of)?(?: these| this|"
    r" your)?"
    r"(?: e-?mails?| mails?| messages?| contact| spam)|(?:any )?(?:of )?(?:these|your|such|unsolicited|this)"
    r" (?:e-?mails?"
    r"|mails?|messages?|newsletters?|offers|spam|communications?)|any of (?:these|this|it)\b)",
    r"\b(?:don't|do not|no longer|dont) want (?:these|this|them|it|any of (?:these|this))\b",
    rf"\bno (?:more|further)(?: of)?(?: your| these| this| such)? (?:unsolicited |marketing |sales )?{_POST}\b"
    r"(?! (?:needed|necessary|required|for now))|^\W*no more(?: of (?:this|these))?\W*(?:please|thanks|pls)?\W*$",
    r"\b(?:lose|forget|burn|bin|trash|erase|ditch|purge|scrub) (?:my|our|this) (?:e-?mail|mail|number|address|contact"
    r"|details|name)",
    r"\bleave (?:me|us) (?:alone|be|off|in peace|out of (?:this|these|it|your))\b|\bget (?:me|us) off\b|\blet me be\b",
    r"\b(?:report(?:ing|ed)?|mark(?:ing|ed)?|flag(?:ging|ged)?) (?:you|this|it|them|your \w+)?\s?(?:all )?(?:as|for) "
    r"(?:spam|junk)\b|\b(?:this|it)(?:'s| is| reads like| looks like| feels like) (?:just |pure |clearly )?(?:spam"
    r"|junk)"
    r"\b|\b(?:block|blocking|blocked) (?:you|your (?:address|domain)|this sender)\b|\bblacklist(?:ing|ed)? (?:you"
    r"|me)\b",
    r"\bnever (?:signed up|subscribed|opted in|consented|agreed|gave (?:you )?(?:my )?(?:consent|permission))\b"
    r"(?=.{0,40}\b(?:list|mails?|e-?mails?|newsletter|this|these|receive|consent|permission|contact\w*)\b|\W*$)",
    r"\b(?:cancel|end|terminate|stop) (?:my|our|this) (?:subscription to (?:your|these|this)|e-?mail subscription"
    r"|newsletter)",
    r"\bgdpr\b.{0,60}\b(?:delet|eras|remov)|\bdo[- ]not[- ](?:contact|call|e-?mail|mail) (?:list|register)\b"
    r"|\bgo away\b|\bnot (?:welcome|wanted|solicited)\b.{0,20}\be-?mails?\b|\bunwanted (?:e-?mails?|mails?|messages)\b",
)
# ----------------------------------------------------------------------------------------------------------- German
_GERMAN = (
    rf"\b(?:ab(?:zu)?melden|abmeldung|abbestell\w*|abzubestellen|aus(?:zu)?tragen|austragung|auszutragen)\b{_FOOTER}",
    r"\b(?:meld\w*|bestell\w*|trag\w*) (?:sie )?(?:mich|uns|das|diese\w*|ihre\w*|euren?|den newsletter)\b.{0,40}"
    r"\b(?:ab|aus)\b",
    r"\b(?:nehm\w*|nimm|streich\w*|lösch\w*|loesch\w*|entfern\w*|trag\w*|werf\w*|schmei\w*) (?:sie )?(?:bitte )?(?:mich"
    r"|uns|meine|meinen|unsere|unseren|diese adresse)\b(?!.{0,30}\b(?:einladung|termin|verteiler für das)\b)",
    r"\b(?:mich|uns|adresse|mail|namen?|daten)\b.{0,25}\baus\b.{0,30}\b(?:liste|verteiler|datenbank|adressbuch|kartei"
    r"|system|newsletter|kontakte\w*|crm|mailing\w*)\b.{0,30}\b(?:nehm\w*|streich\w*|lösch\w*|entfern\w*|austragen"
    r"|auszutragen|raus\w*)",
    r"\b(?:schreib\w*|kontaktier\w*|mail\w*|sende\w*|schick\w*|belästig\w*|ruf\w*|werb\w*) (?:sie )?(?:mir|mich|uns"
    r"|an)?"
    r" ?(?:bitte )?(?:nicht(?! (?:vor|bis|am))|nie|keine|nichts)\b(?!.{0,20}\bsondern\b)",
    r"\b(?:nicht|nie) (?:mehr|wieder|weiter|länger)\b.{0,20}\b(?:schreib\w*|kontaktier\w*|mail\w*|anschreib\w*|send\w*"
    r"|schick\w*|belästig\w*|erhalten|bekommen|angeschrieben|behelligt|angemailt|kontakt)",
    r"\bkein interesse an (?:weiter|ihr|solch|dies)\w* .{0,12}(?:mails?|nachrichten|werbung|newsletter\w*|kontakt\w*)"
    r"|\babsehen\b.{0,20}\b(?:mails?|nachrichten|werbung|kontakt\w*)|\b(?:mails?|nachrichten|werbung|zusendung\w*"
    r"|kontakt\w*|anschreiben)\b.{0,12}\babsehen\b",
    r"\b(?:keine|kein|nie|null) (?:weiteren?|weitere\w*|mehr|solchen?|ihrer|eurer|unerwünschten?)?\s?(?:e-?mails?|mails"
    r"|nachrichten|werbung|werbemails|kontakt\w*|post|newsletter|zusendung\w*|anfragen|spam|zuschriften)\b"
    r"(?! (?:bekommen|erhalten) (?:haben|habe)\b)",
    r"\b(?:möchte|will|wünsche|wollen|möchten|wünschen)\b.{0,30}\b(?:nicht|keine\w*)\b.{0,40}\b(?:mails?|e-?mails?"
    r"|nachrichten|werbung|kontaktiert|angeschrieben|erhalten|bekommen|hören|newsletter)\b",
    r"\b(?:lass\w*|lasst) (?:sie )?(?:mich|uns) (?:bitte |endlich |einfach )*(?:in ruhe|in frieden)\b|\bhör\w* (?:sie"
    r" )?"
    r"(?:bitte |endlich )*(?:damit )?auf\b|\bunterlass\w* (?:sie )?\b|\bverschon\w* (?:sie )?(?:mich|uns)\b"
    r"|\b(?:verzicht\w*|seh\w*) (?:sie )?(?:bitte |künftig )*(?:auf|von) (?:jede |jeder |weitere\w*|solche\w*|ihre\w*)"
    r".{0,30}\b(?:mail\w*|nachricht\w*|kontakt\w*|werbung|zusendung\w*|anschreiben)|\b(?:das|dies) ist spam\b"
    r"|\bspam\b.{0,20}\bmeld\w+",
    r"\bwiderspr(?:eche|echen|uch|ich)\b(?!.{0,30}\b(?:rechnung|vertrag|kündigung)\b)|\bstop+\b\W*(?:bitte)?\W*$"
    r"|\b(?:keine|nie (?:eine|meine)) (?:einwilligung|zustimmung)\b.{0,20}\b(?:erteilt|gegeben)\b",
)
# ---------------------------------------------------------------------------------------------------------- Romance
_FRENCH = (
    rf"\b(?:désabonn|desabonn|désinscri|desinscri)\w*{_FOOTER}",
    r"\b(?:retir|supprim|enlev|effac|ray|ôt|sort|exclu)(?:ez|er|e|es|ir|ons)?[- ](?:moi|nous|mon|mes|ma|notre|nos"
    r"|cette)"
    r"\b|\b(?:me|nous) (?:retirer|supprimer|enlever|effacer|rayer|sortir|ôter) (?:de|des)\b|\bêtre (?:retiré|supprimé"
    r"|enlevé|rayé|effacé)\w*\b",
    r"\bne (?:me|nous|m['’]) ?(?:contact|écriv|sollicit|envoy|relanc|dérang|import|harcel|mail)\w+"
    r"(?!.{0,20}\b(?:avant|qu['’]en|qu['’]à)\b)",
    r"\bne (?:souhait|veu|désir|voul|voudr)\w*\b.{0,15}\b(?:plus|pas|aucun)\b.{0,25}\b(?:recevoir|être|e-?mails?|mails?"
    r"|messages?|courriels?|sollicit\w*|contact\w*)\b|\bplus jamais (?:me|m['’]|nous)|\bne plus (?:jamais |du tout"
    r" )?(?:recevoir|être (?:contacté"
    r"|sollicité|démarché)\w*"
    r"|m['’]\w+|me \w+|nous \w+)",
    r"\b(?:arr[êe]te[zr]?|cesse[zr]?|stopp?e[zr]?)\b.{0,8}\b(?:de|vos|ces|les|tout|toute|avec|d['’])\b|\bstop"
    r"(?: (?:aux?|mails?|pub|spam|sms|svp|s['’]il|merci|ça|cela|à|les|tout))+|^\W*stop\W*$",
    r"\bplus (?:de|d['’]|aucun) ?(?:mails?|e-?mails?|messages?|courriels?|spam|sollicitations?|publicités?|pub)\b"
    r"|\blaiss\w+[- ](?:moi|nous) (?:tranquilles?|en paix)\b|\bfoutez[- ]moi la paix\b|\bc['’]est du spam\b",
    r"\bjamais (?:donné|accepté|consenti|demandé)\b.{0,40}\b(?:accord|consentement|recevoir|mails?|inscri\w*)",
)
_SPANISH = (
    rf"\b(?:darme|darse|darnos|dar|deme|denme|denos|d[ée]me?|me d[ée]n?|d[ée]nme) de baja\b{_FOOTER}|^\W*baja\W*$",
    r"\b(?:saque|saquen|saca|sáca|quite|quiten|quita|quíta|elimine|eliminen|elimina|elimína|borre|borren|borra|bórra"
    r"|retire|retiren|retira|retíra|remueva|remuevan|excluya|excluyan|sáque|quíte|elimíne|bórre|retíre|remuéva)(?:n?me"
    r"|n?nos)?\b.{0,12}\b(?:me|mi|mis|nos|nuestr\w+|de (?:su|la|sus|esta|este|tu)|este correo|esta dirección)\b"
    r"|\b(?:sáquen?|quíten?|elimínen?|bórren?|retíren?|remuévan?|saquen?|quiten?|eliminen?|borren?)(?:me|nos)\b",
    r"\b(?:dejen?|deja|déjen?|paren?|cesen?|eviten?|absténgan?se) (?:ya )?(?:de )?(?:escrib|envi|contact|mand|molest"
    r"|llam"
    r"|insist|enviar|remit)\w*",
    r"\bno (?:me|nos|les|le)? ?(?:vuelv\w+ a |sig\w+ )?(?:escrib|contact|env[íi]|mand|molest|remit|llam)(?:a|e|as|es"
    r"|an|en"
    r"|ar|ir|iendo|ando|ais|áis|éis|íe|íen)(?:me|nos)?\b(?!.{0,20}\b(?:antes|hasta)\b)",
    r"\bno (?:quiero|deseo|queremos|deseamos|me interesa|quisiera)\b.{0,25}\b(?:recib\w+|seguir|que me|más (?:correos"
    r"|mensajes|mails|e-?mails|publicidad)|sus (?:correos|mensajes|mails|e-?mails))",
    r"\b(?:no|ni un) más (?:correos?|mensajes?|e-?mails?|mails?|publicidad|spam)\b|\bbasta (?:de|ya)\b|\besto es spam\b"
    r"|\bcancel\w+ (?:mi |la |esta )?suscripci[óo]n\b|\bd[ée]jen?(?:me|nos) en paz\b|\bdesuscri\w+|\bdesinscri\w+"
    r"|\bno he dado (?:mi )?consentimiento\b",
)
_ITALIAN = (
    rf"\b(?:disiscri\w+|disicri\w+|cancellatemi|cancellami|cancellarmi|mi cancelli|disabbon\w+){_FOOTER}",
    r"\b(?:toglie|togli|rimuov|cancell|elimin|leva|depenn|escud|esclud|tog)\w*(?:mi|ci)\b|\b(?:toglie|togli|rimuov"
    r"|cancell|elimin|leva|depenn|tolga|tolgano)\w*\b.{0,12}\b(?:il mio|la mia|i miei|il nostro|questo) ?(?:indirizzo"
    r"|nominativo|nome|contatto|e-?mail|mail|numero|account)",
    r"\bnon (?:voglio|desidero|intendo|vogliamo|desideriamo|vorrei)\b.{0,20}\b(?:ricever\w*|essere contattat\w*|altre"
    r"|sentir\w*|vostre)",
    r"\bnon (?:mi |ci )?(?:scriv|contatt|mand|invi|disturb|cerc|importun)\w*\b(?!.{0,20}\b(?:prima|fino)\b)",
    r"\b(?:smett\w+|finit\w+|cessa\w+|pianta\w+)\b.{0,6}\bdi\b|\bbasta\b(?: con)?(?: le| queste| vostre| altre)*"
    r" ?(?:e-?mail"
    r"|mail|messaggi|spam|pubblicità|comunicazioni|newsletter)\b|\bniente più (?:mail|e-?mail|messaggi)\b"
    r"|\blasci\w*(?:mi|ci) in pace\b|\b(?:questo|questa) è spam\b",
    r"\b(?:annull|revoc|disdi|disdett)\w*\b.{0,20}\b(?:iscrizione|sottoscrizione|newsletter)\b|\bmai (?:dato|prestato)"
    r" (?:il )?(?:mio )?consenso\b",
)
_DUTCH = (
    rf"\b(?:uitschrijv\w*|uit te schrijven|afmeld\w*|af te melden|uitgeschreven|opzeggen van de"
    rf" nieuwsbrief)\b{_FOOTER}",
    r"\bschrijf (?:me|mij|ons)\b.{0,20}\buit\b|\bmeld (?:me|mij|ons)\b.{0,20}\baf\b|\b(?:haal|verwijder|schrap|gooi"
    r"|streep) (?:me|mij|ons|mijn|onze|dit adres)\b|\b(?:van|uit) (?:de|deze|jullie|uw|je) (?:mail|mailing|verzend)?"
    r"(?:lijst|lijsten|bestand|database)\b.{0,20}\b(?:halen|verwijderen|af|schrappen)\b",
    r"\b(?:geen|nooit) (?:verdere |meer )?(?:e-?mails?|mails?|mailtjes|berichten|post|reclame|contact|nieuwsbrief\w*"
    r"|aanbiedingen|spam)\b(?! (?:gekregen|ontvangen)\b)|\b(?:niet|nooit) meer\b.{0,15}\b(?:mail\w*|benader\w*"
    r"|contact\w*"
    r"|schrij\w*|stur\w*|bell\w*|ontvang\w*|horen)\b|\b(?:mail|schrijf|bel|contacteer|benader) (?:me|mij|ons)"
    r"(?: alstublieft| aub| alsjeblieft)? (?:niet(?! (?:voor|op|in)\b)|nooit)\b",
    r"\bstop(?:pen)?\b.{0,12}\b(?:mail\w*|stur\w*|schrij\w*|contact\w*|spam\w*|bell\w*|hiermee|daarmee)\b|\bhou\w*"
    r" (?:hier"
    r"|daar|er)?(?:mee )?op\b|\blaat (?:me|mij|ons) met rust\b|\bdit is spam\b",
    r"\b(?:wil|wens|wensen|willen)\b.{0,20}\b(?:niet|geen)\b.{0,25}\b(?:ontvang\w*|mails?|e-?mails?|berichten|benaderd"
    r"|gemaild|horen)\b|\bnooit toestemming\b",
)
_PORTUGUESE = (
    rf"\b(?:descadastr\w*|desinscre\w*|desinscri\w*|desubscre\w*){_FOOTER}",
    r"\b(?:retir|remov|tir|exclu|elimin|apag|risqu)\w*(?:-me|-nos)\b|\b(?:me|nos) (?:retir|remov|tir|exclu|elimin|apag"
    r"|descadastr)\w+|\b(?:retir|remov|tir|exclu|elimin|apag)\w*\b.{0,6}\b(?:o meu|a minha|meu|minha|os meus|o nosso"
    r"|este)"
    r" ?(?:e-?mail|endereço|contacto|contato|nome|número|registo|cadastro)\b.{0,40}",
    r"\bpar(?:e|em|a|ar)\b.{0,4}\bde\b.{0,6}\b(?:envi|mand|escrev|contact|contat|incomod|lig|insist)\w*"
    r"|\bdeix(?:e|em)\b.{0,4}\bde\b.{0,6}\b(?:envi|mand|escrev|contact|contat)\w*",
    r"\bnão (?:quero|desejo|queremos|desejamos|pretendo|pretendemos|gostaria)\b.{0,20}\b(?:receb\w+|ser contac?tad\w+"
    r"|mais (?:e-?mails?|mensagens|contac?to)|os vossos|seus e-?mails)",
    r"\bnão (?:me|nos|volte\w* a|voltem a) ?(?:envi|mand|escrev|contac?t|incomod|lig)\w*(?!.{0,20}\b(?:antes|até)\b)"
    r"|\bnão (?:envi|mand|escrev|contac?t)\w+(?:-me|-nos| mais)\b",
    r"\bcancel\w+ (?:a )?(?:minha )?(?:inscrição|subscrição|assinatura)\b|\b(?:chega|basta) de (?:e-?mails|mensagens"
    r"|spam)"
    r"\b|\bdeix\w+(?:-me|-nos| me)? em paz\b|\bmais nenhum (?:e-?mail|contac?to)\b|\b(?:isto|isso) é spam\b"
    r"|\bnunca (?:dei|autorizei)\b.{0,20}\b(?:consentimento|autorização|contac?to|envio)",
)
# Scandinavian languages, Polish, Czech and Finnish: the plain ways, so that no clear word waits for a person.
_NORTH_AND_EAST = (
    r"\b(?:avregistrera|avprenumerera|avanmäl\w*|avmeld\w*|afmeld\w*|meld (?:meg|mig) av|avslutt? abonnement\w*)\b",
    r"\b(?:ta bort|fjern|slett|slet|radera|stryk) (?:mig|meg|oss|os|min|mitt|mine|vår)\b|\b(?:sluta|slutt|stop med) "
    r"(?:att |å |at )?(?:skick|send|mejl|mail|kontakt|skriv)\w*|\b(?:inga|ingen|ikke) (?:fler|flere|mer) (?:mejl|mail"
    r"|mails|e-?post|meddel\w+|beskeder)\b|\b(?:vill|vil|ønsker) (?:inte|ikke) (?:ha |have |motta |få |at )?(?:fler"
    r"|flere"
    r"|mer|mottag\w*|modtage|kontakt\w*)",
    r"\bwypisz\w*|\bwypisać\b|\busu(?:ń|ńcie|nąć|nięcie)\b.{0,30}\b(?:mnie|mój|moje|nas|list\w*)\b|\bnie (?:chcę|życzę"
    r"|chcemy)\b.{0,30}\b(?:otrzymywać|wiadomo\w+|maili|kontakt\w*|dostawać)|\bproszę (?:już )?nie (?:pisać|wysyłać"
    r"|kontaktować)|\bprzestańcie\b",
    r"\bodhl(?:ásit|aste|ašte)\w*|\b(?:vymažte|vyřaďte|odstraňte) (?:mě|mne|nás|moji|můj)\b|\b(?:nepište|neposílejte"
    r"|nekontaktujte) (?:mi|mě|nám|nás)\b|\bnechci (?:již |už )?(?:dostávat|další)",
    r"\b(?:poista|poistakaa|poistattehan) (?:minut|meidät|osoitteeni|tietoni)\b|\b(?:älkää|älä) (?:lähettäkö|lähetä"
    r"|ottako"
    r"|ota)\b|\ben (?:enää )?halua\b.{0,30}\b(?:viestejä|sähköposti\w*|vastaanottaa|yhteydenotto\w*)|\bperu\w*"
    r" tilau\w*",
)
LEAVES: Final = (
    *_ENGLISH, *_GERMAN, *_FRENCH, *_SPANISH, *_ITALIAN, *_DUTCH, *_PORTUGUESE, *_NORTH_AND_EAST,
)  # fmt: skip

# ------------------------------------------------------------------------------------------- what only sounds like it
_OTHERS = (
    r"(?:people|recipients?|customers?|users?|clients?|contacts|leads?|prospects?|subscribers?|readers?|visitors?"
    r"|members|someone|somebody|anyone|they|them|kunden|nutzer|empfänger|abonnenten|leute|destinataires|abonnés"
    r"|utilisateurs|destinatarios|suscriptores|usuarios|destinatari|iscritti|utenti|clienti|ontvangers|klanten"
    r"|gebruikers|destinatários|subscritores|clientes)"
)
# Said of a product, these are no wish; with one of these words beside them they are.
_ME = r"\b(?:me|my|us|mich|mir|meine\w*|moi|mon|mes|mi|mis|mio|mia|mij|mijn|meu|minha|mim)\b"
_LEAVING = (
    r"(?:un-?subscrib\w*|opt(?:s|ing|ed)?[- ]?out|abmelden|abbestellen|austragen|désabonn\w*|désinscri\w*|de baja"
    r"|disiscriv\w*|cancellar\w*|uitschrijv\w*|afmelden|descadastr\w*)"
)
KEEPS: Final = (
    # It is denied, right beside the word: "don't you remove people?" and "don't forget to unsubscribe me" are not.
    r"\b(?:please |pls )?(?:do not|don't|dont|didn't(?: mean to| want to)|not|never|no need to|no reason to|wasn't"
    r" going"
    r" to|won't|wouldn't|rather not|didn't|not (?:mean|want|wish|going|asking|planning) to|no wish to|without)"
    r"(?: please| ever| yet| just| have to| want to| need to| mean to| wish to| intend to)* (?:un-?subscrib\w*"
    r"|remov\w*"
    r"(?: (?:me|us))?|tak\w+ (?:me|us) (?:off|out)|opt(?:ing)?[- ]?out|stop(?:ping)?(?: (?:send\w*|writ\w*"
    r"|e-?mail\w*"
    r"|contact\w*|these|the))?|delet\w* (?:me|us|my|our)|drop (?:me|us))[^,;.!?]{0,40}",
    # Germanic and Romance word order.
    r"\b(?:meld\w*|trag\w*|streich\w*|nehm\w*|nimm|lösch\w*|entfern\w*) (?:sie )?(?:mich|uns)(?: bitte| aber| auf"
    r" keinen"
    r" fall| ja)* (?:nicht|keinesfalls)\b[^,;.!?]{0,40}|\b(?:nicht|nie|ohne mich) (?:abmelden|abbestellen|austragen"
    r"|abzumelden)\b",
    r"\bne (?:me|nous) (?:désabonn|désinscri|retir|supprim|enlev|effac)\w+[^,;.!?]{0,30}|\bne (?:souhait|veu"
    r"|voul)\w+ pas"
    r" (?:me |nous )?(?:désabonner|désinscrire)\b|\bpas (?:me |nous )?(?:désabonner|désinscrire)\b",
    r"\bno (?:me|nos) (?:d[ée]n?|saque\w*|quite\w*|elimine\w*|borre\w*|retire\w*)\b(?: de baja)?[^,;.!?]{0,30}"
    r"|\bno quiero"
    r" (?:darme|que me den?) de baja\b",
    r"\bnon (?:mi |ci )?(?:cancell|toglie|togli|rimuov|elimin|disiscri)\w*[^,;.!?]{0,30}|\bnon voglio"
    r" (?:disiscriver\w*"
    r"|cancellar\w*)\b",
    r"\b(?:schrijf|meld|haal|verwijder) (?:me|mij|ons)(?: alsjeblieft| alstublieft| aub| graag| zeker)* niet\b"
    r"[^,;.!?]{0,30}|\bniet (?:uitschrijven|afmelden)\b",
    r"\bnão (?:me|nos) (?:remov|retir|tir|exclu|elimin|descadastr)\w*[^,;.!?]{0,30}|\bnão quero (?:me"
    r" )?(?:descadastr"
    r"|cancelar|sair)\w*[^,;.!?]{0,20}",
    # Somebody else's wish, or what a product does.
    rf"\b{_OTHERS}\b(?:[ -]\w+){{0,5}} {_LEAVING}[^,;.!?]{{0,30}}|\b{_LEAVING}(?: \w+){{0,2}} (?:rates?|links?"
    rf"|pages?"
    rf"|forms?"
    r"|buttons?|quote|buttons)\b(?! (?:doesn't|does not|isn't|is not|is broken|fails|didn't|did not|don't))",
    rf"(?!.*{_ME})(?:"
    r"\b(?:can|could|does|do|will|would|how (?:can|do|does)) (?:your|the|this) (?:\w+ )?(?:software|tool|product"
    r"|platform"
    r"|system|app|solution|service)\b[^.!]{0,120}|\b(?:kann|können|löscht|erlaubt) (?:ihr|ihre|euer|eure|das|die)"
    r" (?:\w+ )?"
    r"(?:software|tool|produkt|plattform|system|lösung)\b[^.!]{0,120}|\b(?:votre|l['’]) ?(?:\w+ )?(?:outil|logiciel"
    r"|solution|plateforme|produit|système) (?:\w+[- ]){0,3}[^.!]{0,100}\?|\b(?:su|vuestra?|tu) (?:\w+"
    r" )?(?:plataforma"
    r"|herramienta|software|producto|sistema|solución)\b[^.!]{0,100}\?|\b(?:il vostro|la vostra|il suo) (?:\w+ )?"
    r"(?:software|strumento|prodotto|piattaforma|sistema|soluzione)\b[^.!]{0,100}\?|\b(?:jullie|uw) (?:\w+"
    r" )?(?:software"
    r"|tool|product|platform|systeem|oplossing)\b[^.!]{0,100}\?|\b(?:a vossa|o vosso|sua|seu) (?:\w+"
    r" )?(?:plataforma"
    r"|ferramenta|software|produto|sistema|solução)\b[^.!]{0,100}\?"
    r")",
    # Other senses.
    r"\bstop(?:ping|ped)? (?:by|in|over|at|off)\b|\b(?:can't|cannot|couldn't|won't|can not|could not) stop \w+ing\b"
    r"|\bstop (?:at nothing|the clock|press)\b|\bone[- ]stop\b|\bnon-?stop\b",
)


@cache
def _keeps() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, _I) for pattern in KEEPS)


def without_keeps(sentence: str) -> str:
    """The sentence without the stretches that must not be read as a wish to leave."""
    for pattern in _keeps():
        sentence = pattern.sub(" … ", sentence)
    return sentence
