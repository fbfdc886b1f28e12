"""Italian words of time."""

WORDS = """
timeword - ora di | orario di | fuso di
wd 0 lunedì | lunedi | lun
wd 1 martedì | martedi | mart
wd 2 mercoledì | mercoledi | merc
wd 3 giovedì | giovedi | giov | gio
wd 4 venerdì | venerdi | ven
wd 5 sabato | sab
wd 6 domenica | dom
month 1 gennaio | gen | genn
month 2 febbraio | feb | febbr
month 3 marzo
month 4 aprile | apr
month 5 maggio | magg
month 6 giugno | giu
month 7 luglio | lug
month 8 agosto | ago
month 9 settembre | sett | set
month 10 ottobre | ott
month 11 novembre | nov
month 12 dicembre | dic
rel 0 oggi
rel 1 domani | l'indomani
rel 2 dopodomani | dopo domani
tonight 0 stasera | questa sera | stanotte
past 1 ieri | fa | l'altro ieri
unit minute minuto | minuti | min
unit hour ora | ore
unit day giorno | giorni
unit week settimana | settimane
unit weekend fine settimana | weekend | week-end
unit workday giorni lavorativi | giorno lavorativo
unit month mese | mesi
unit quarter trimestre
unit year anno | anni
weekno - settimana
this - questo | questa | questi | queste
next - prossimo | prossima | prossimi | prossime | seguente | seguenti | successivo | successiva | che viene
  | entrante
last - scorso | scorsa | ultimo | ultima | ultimi | ultime | passato | passata
part morning mattina | mattino | la mattina | al mattino | di mattina | della mattina | del mattino | in mattinata
  | mattinata | nella mattinata | nella mattina
part afternoon pomeriggio | nel pomeriggio | del pomeriggio | di pomeriggio | al pomeriggio
part evening sera | la sera | di sera | della sera | in serata | serata | alla sera
part night notte | di notte
part lunch pranzo | a pranzo | pausa pranzo | in pausa pranzo | all'ora di pranzo | durante la pausa pranzo
edge early inizio | all'inizio di | all'inizio della | inizio della | all'inizio del | a inizio | in prima | prima
  | primi di | ai primi di | presto
edge mid metà | a metà | metà di | a metà di
edge late fine | alla fine di | alla fine della | alla fine del | a fine | fine della | la fine della | la fine di
  | fine di | in tarda | tarda | tardo | nel tardo | tardi | verso la fine di | verso la fine della
op after dopo | dopo le | dopo il | dopo l' | più tardi delle
op before prima di | prima del | prima delle | prima dell' | prima della
op by entro | entro le | entro il | fino a | fino al | fino alle | non oltre | al più tardi | non più tardi delle
op from da | dal | dalle | dall' | dalla | a partire da | a partire dal | a partire dalle | non prima di
  | non prima delle | non prima del
op onward in poi | o più tardi | o dopo | in avanti
op between tra | fra | tra le | fra le | tra il | fra il
around - verso | verso le | intorno alle | circa | attorno alle | indicativamente | più o meno
to - a | al | alle | all' | fino a | fino al | fino alle
at - alle | alle ore | ore | all' | alla | @ | per le
or - o | oppure | altrimenti | od
and - e | ed | nonché
of - di | del | della | dei | in | nel | d'
in - tra | fra | in
within - entro | nei | nelle | nel giro di
weekof - la settimana del | settimana del | nella settimana del
fill - il | lo | la | i | gli | le | l' | magari | forse | preferibilmente | idealmente | anche | sia | oppure anche
  | in qualsiasi momento | giorno | per esempio | meglio
every - ogni | tutti i | tutte le | settimanalmente
not - non | tranne | tranne il | eccetto | eccetto il | salvo | salvo il | a parte | escluso | ma non | non il
  | non sono disponibile | sono fuori | sono in ferie | impossibile | assente
bad - non posso | non va bene | non va | non riesco | non mi va bene | non è possibile | non sono disponibile
  | non possiamo | non ci sono | sono fuori | sono in ferie | sono impegnato | sono impegnata | è impossibile
  | non mi è possibile | è pieno
but - ma | però | invece | tuttavia | piuttosto
your - ora vostra | vostra ora | sua ora | ora sua | tua ora | ora tua | da voi | da lei
mine - mia ora | ora mia | nostra ora | ora nostra | da noi | da me
now - adesso | ora stessa | subito
clock 12:00 mezzogiorno
clock 00:00 mezzanotte
hourword - h
frac halfafter e mezza | e mezzo
frac quarterafter e un quarto
frac quarterbefore meno un quarto
half - mezz'ora | mezza ora | una mezz'ora
holiday easter pasqua
holiday easter_monday pasquetta | lunedì dell'angelo
holiday christmas natale
holiday christmas_eve vigilia di natale
holiday boxing_day santo stefano
holiday new_year capodanno
holiday new_year_eve san silvestro
holiday epiphany epifania
holiday assumption ferragosto
money - € | euro | eur
num 1 un | una | uno | un' | all'una | l'una
num 2 due | un paio di
num 3 tre
num 4 quattro
num 5 cinque
num 6 sei
num 7 sette
num 8 otto
num 9 nove
num 10 dieci
num 11 undici
num 12 dodici
num 13 tredici
num 14 quattordici
num 15 quindici
num 16 sedici
num 17 diciassette
num 18 diciotto
num 20 venti
num 30 trenta
few - alcuni | alcune | qualche | diversi
ord 1 primo
"""
