"""German words of time."""

WORDS = """
wd 0 montag | mo
wd 1 dienstag | di
wd 2 mittwoch | mi
wd 3 donnerstag | do
wd 4 freitag | fr
wd 5 samstag | sonnabend | sa
wd 6 sonntag | so
wds 0 montags
wds 1 dienstags
wds 2 mittwochs
wds 3 donnerstags
wds 4 freitags
month 1 januar | jänner | jan
month 2 februar | feber | feb
month 3 märz | maerz
month 4 april | apr
month 5 mai
month 6 juni | jun
month 7 juli | jul
month 8 august | aug
month 9 september | sept | sep
month 10 oktober | okt
month 11 november | nov
month 12 dezember | dez
rel 0 heute
rel 1 morgen
rel 2 übermorgen | uebermorgen
past 1 gestern | vorgestern
unit minute minute | minuten | min
unit hour stunde | stunden | std
unit day tag | tage | tagen
unit week woche | wochen | kw
unit weekend wochenende
unit workday werktage | werktagen | arbeitstage | arbeitstagen
unit workweek arbeitswoche
unit month monat | monats | monate | monaten
unit quarter quartal | quartals
unit year jahr | jahres | jahre | jahren
weekno - kw | kalenderwoche | woche
this - diese | dieser | diesen | dieses | diesem | kommenden | kommende | kommender | kommendem | kommendes
next - nächste | nächsten | nächster | nächstes | nächstem | naechste | naechsten | naechster | folgende
  | folgenden | darauffolgenden
afternext - übernächste | übernächsten | übernächster | uebernaechste | uebernaechsten
last - letzte | letzten | letzter | vergangene | vergangenen | vorige | vorigen
part morning vormittag | vormittags | am vormittag | früh | in der früh | am morgen | morgens | am frühen morgen
part afternoon nachmittag | nachmittags | am nachmittag
part evening abend | abends | am abend
part night nacht | nachts | in der nacht
part lunch mittag | mittags | am mittag | mittagszeit | in der mittagspause | über mittag
edge early anfang | früh | frühen | früher | am anfang | beginn | zu beginn
edge mid mitte | mittig
edge late ende | spät | später | späten | am ende | gegen ende
edge late späteren
op after nach | später als | nicht vor | frühestens | frühestens ab | erst ab | erst nach
op before vor | früher als
op by bis | bis spätestens | spätestens | spätestens bis | bis zum | bis einschließlich | spätestens um
  | bis um | nicht später als | nicht nach
op of von | vom
op from ab | ab dem | seit | angefangen mit | ab dem
op onward oder später | aufwärts | an
op between zwischen
around - gegen | circa | ca | etwa | ungefähr | rund | so gegen | so um | so
to - bis
at - um | @
or - oder | alternativ | bzw | beziehungsweise | sonst | ansonsten
and - und | sowie
of - des | im | in der | der | dem | den | von | in
in - in
within - innerhalb | binnen | innerhalb von | innerhalb der
weekof - in der woche vom | in der woche ab | woche vom | die woche vom
fill - am | den | der | die | das | dem | irgendwann | gerne | bitte | vielleicht | entweder | auch | im laufe
  | jederzeit | gern | es | wäre | mir | etwa | uhrzeit | zum
every - jeden | jede | jedes | wöchentlich | täglich | jeweils | immer
not - abwesend | unterwegs | nicht da | nicht | nicht am | außer | ausser | außer am | bis auf | ausgenommen
  | kein | nur nicht | nur nicht am | nicht verfügbar | im urlaub | bin ich nicht | bloß nicht | abgesehen von
bad - nicht da | nicht verfügbar | abwesend | unterwegs | im urlaub | ausgebucht | verreist | geht nicht
  | geht es nicht | geht bei mir nicht | geht leider nicht | geht gar nicht | passt nicht | passt mir nicht
  | passt leider nicht | passt mir leider nicht | passt es nicht | passt es mir nicht | kann ich nicht
  | kann ich leider nicht | können wir nicht | bin ich nicht da | bin ich nicht verfügbar | bin ich unterwegs
  | bin ich weg | ist schlecht | ist ungünstig | ist voll | fällt aus | bin ich im urlaub | habe ich urlaub
  | bin ich leider nicht da
but - aber | jedoch | sondern | lieber | dafür | stattdessen | besser
your - ihrer zeit | deiner zeit | eurer zeit | ihre zeit | deine zeit | bei ihnen | bei euch | bei dir
  | ihrer ortszeit
mine - meiner zeit | unserer zeit | meine zeit | bei uns | bei mir | unsere zeit | hiesiger zeit
now - jetzt | sofort | gleich
clock 12:00 zwölf uhr mittags
clock 00:00 mitternacht
hourword - uhr | h
frac half halb
frac quarterpast viertel nach
frac quarterto viertel vor
frac dreiviertel dreiviertel
half - halbe stunde | halben stunde | eine halbe stunde | einer halben stunde
holiday easter ostern | ostersonntag
holiday easter_monday ostermontag
holiday good_friday karfreitag
holiday whit_monday pfingstmontag
holiday christmas weihnachten
holiday christmas_eve heiligabend
holiday new_year neujahr
holiday new_year_eve silvester
money - € | euro | eur
num 1 ein | eine | einer | einem | einen | eins
num 2 zwei | zwo | ein paar | paar
num 3 drei
num 4 vier
num 5 fünf
num 6 sechs
num 7 sieben
num 8 acht
num 9 neun
num 10 zehn
num 11 elf
num 12 zwölf
num 13 dreizehn
num 14 vierzehn
num 15 fünfzehn
num 16 sechzehn
num 17 siebzehn
num 18 achtzehn
num 20 zwanzig
num 30 dreißig
few - einige | einigen | mehrere
ord 1 ersten | erste | erster
ord 2 zweiten | zweite
ord 3 dritten | dritte
ord 4 vierten
ord 5 fünften
"""
_DAYS = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
_PARTS = {
    "morgen": "morning", "vormittag": "morning", "früh": "morning", "nachmittag": "afternoon", "mittag": "lunch",
    "abend": "evening", "nacht": "night",
}  # fmt: skip
# "Donnerstagnachmittag" is one word for two things.
COMPOUNDS = {day + word: (str(number), part) for number, day in enumerate(_DAYS) for word, part in _PARTS.items()}
