"""Dutch words of time."""

WORDS = """
wd 0 maandag | ma
wd 1 dinsdag | di
wd 2 woensdag | wo
wd 3 donderdag | do
wd 4 vrijdag | vr
wd 5 zaterdag | za
wd 6 zondag | zo
wds 0 maandags | maandagen
wds 1 dinsdags | dinsdagen
wds 2 woensdags | woensdagen
wds 3 donderdags | donderdagen
wds 4 vrijdags | vrijdagen
month 1 januari | jan
month 2 februari | feb
month 3 maart | mrt
month 4 april | apr
month 5 mei
month 6 juni | jun
month 7 juli | jul
month 8 augustus | aug
month 9 september | sept | sep
month 10 oktober | okt
month 11 november | nov
month 12 december | dec
rel 0 vandaag | heden
rel 1 morgen
rel 2 overmorgen
tonight 0 vanavond
past 1 gisteren | eergisteren | geleden
unit minute minuut | minuten | min
unit hour uur | uren | uurtje
unit day dag | dagen
unit week week | weken
unit weekend weekend | weekeinde
unit workday werkdagen | werkdag
unit workweek werkweek
unit month maand | maanden
unit quarter kwartaal
unit year jaar | jaren
weekno - week | weeknummer
this - deze | dit | aanstaande | komende | eerstkomende
next - volgende | volgend
last - vorige | vorig | afgelopen | laatste
part morning ochtend | ochtends | s ochtends | s morgens | in de ochtend | voormiddag | in de voormiddag
  | vanochtend | vanmorgen
part afternoon middag | middags | s middags | in de middag | namiddag | in de namiddag | vanmiddag
part evening avond | avonds | s avonds | in de avond
part night nacht | s nachts | in de nacht
part lunch lunch | lunchtijd | tijdens de lunch | rond lunchtijd | tussen de middag | lunchpauze | in de lunchpauze
edge early begin | begin van | aan het begin van | het begin van | vroeg | vroege
edge mid midden | half | medio | midden in | halverwege
edge late eind | einde | einde van | eind van | het einde van | aan het einde van | tegen het einde van | laat | late
  | later | het eind van
op after na | later dan
op before voor | vóór | eerder dan
op by tot | tot en met | uiterlijk | ten laatste | t/m | niet later dan | voor uiterlijk
op from vanaf | sinds | met ingang van | niet voor | niet eerder dan
op of van
op onward of later
op between tussen
around - rond | rondom | omstreeks | ongeveer | circa | zo rond | tegen
to - tot | tot en met | t/m
at - om | @
or - of | ofwel | anders | dan wel
and - en | alsmede
of - van | in | van de
in - over | in
within - binnen | in de
weekof - de week van | week van | in de week van
fill - op | de | het | ergens | graag | misschien | eventueel | ook | bij voorkeur | liefst | het liefst | een keer
  | aan | per | dan
every - elke | iedere | ieder | elk | wekelijks | dagelijks
not - niet | niet op | behalve | behalve op | uitgezonderd | met uitzondering van | maar niet | geen | op vakantie
  | afwezig | niet beschikbaar
bad - kan niet | kan ik niet | lukt niet | lukt me niet | lukt mij niet | gaat niet | past niet | past me niet
  | komt niet uit | komt mij niet uit | komt me niet uit | schikt niet | ben ik niet beschikbaar | ben ik afwezig
  | ben ik op vakantie | ben ik weg | is vol | is niet mogelijk | ben ik er niet | is lastig
but - maar | echter | liever | wel | daarentegen
your - uw tijd | jouw tijd | jullie tijd | uw tijdzone | bij u | bij jullie
mine - mijn tijd | onze tijd | bij mij | bij ons | onze tijdzone | mijn tijdzone
now - nu | meteen | direct
clock 12:00 twaalf uur 's middags
clock 00:00 middernacht
hourword - uur | u | h
frac half half
frac quarterpast kwart over
frac quarterto kwart voor
half - half uur | een half uur | halfuur | een halfuur | half uurtje
holiday easter pasen | eerste paasdag
holiday easter_monday paasmaandag | tweede paasdag
holiday good_friday goede vrijdag
holiday ascension hemelvaart | hemelvaartsdag
holiday whit_sunday pinksteren
holiday whit_monday pinkstermaandag | tweede pinksterdag
holiday kings_day koningsdag
holiday sinterklaas sinterklaas | pakjesavond
holiday christmas kerst | kerstmis | eerste kerstdag
holiday boxing_day tweede kerstdag
holiday christmas_eve kerstavond
holiday new_year nieuwjaar | nieuwjaarsdag
holiday new_year_eve oudejaarsdag | oudejaarsavond
money - € | euro | eur
num 1 een | één
num 2 twee | een paar | paar
num 3 drie
num 4 vier
num 5 vijf
num 6 zes
num 7 zeven
num 8 acht
num 9 negen
num 10 tien
num 11 elf
num 12 twaalf
num 13 dertien
num 14 veertien
num 15 vijftien
num 16 zestien
num 17 zeventien
num 18 achttien
num 20 twintig
num 30 dertig
few - enkele | enige | meerdere
ord 1 eerste | 1e
ord 2 tweede | 2e
ord 3 derde | 3e
ord 4 vierde
ord 5 vijfde
"""
_DAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
_PARTS = {
    "ochtend": "morning", "morgen": "morning", "voormiddag": "morning", "middag": "afternoon",
    "namiddag": "afternoon", "avond": "evening", "nacht": "night",
}  # fmt: skip
# "Vrijdagochtend" is one word for two things.
COMPOUNDS = {day + word: (str(number), part) for number, day in enumerate(_DAYS) for word, part in _PARTS.items()} | {
    first + word: (ahead, part)
    for first, ahead in (("morgen", "+1"), ("overmorgen", "+2"))
    for word, part in _PARTS.items()
}
