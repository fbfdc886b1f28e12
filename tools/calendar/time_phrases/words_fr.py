"""French words of time."""

WORDS = """
timeword - heure de | à l'heure de | heure d'
wd 0 lundi | lun
wd 1 mardi
wd 2 mercredi
wd 3 jeudi | jeu
wd 4 vendredi | ven
wd 5 samedi
wd 6 dimanche
wds 0 lundis
wds 1 mardis
wds 2 mercredis
wds 3 jeudis
wds 4 vendredis
month 1 janvier | janv
month 2 février | fevrier | févr
month 3 mars
month 4 avril
month 5 mai
month 6 juin
month 7 juillet | juil
month 8 août | aout
month 9 septembre | sept
month 10 octobre | oct
month 11 novembre | nov
month 12 décembre | decembre | déc
rel 0 aujourd'hui | ce jour
rel 1 demain
rel 2 après-demain | après demain | apres-demain
tonight 0 ce soir
past 1 hier | avant-hier | il y a
unit minute minute | minutes | min
unit hour heure | heures
unit day jour | jours
unit week semaine | semaines
unit weekend week-end | weekend
unit workday jours ouvrés | jours ouvrables | jour ouvré
unit month mois
unit quarter trimestre
unit year an | ans | année | années
weekno - semaine
this - ce | cette | cet
next - prochain | prochaine | prochains | prochaines | suivant | suivante | les prochains | qui vient
afternext - suivant la prochaine | d'après | en quinze
last - dernier | dernière | derniers | passé | passée
part morning matin | matinée | le matin | dans la matinée | du matin | au matin | en matinée
part afternoon après-midi | après midi | l'après-midi | dans l'après-midi | de l'après-midi | aprem
  | en après-midi | cet après-midi
part evening soir | soirée | du soir | le soir | en soirée | dans la soirée
part night nuit | la nuit
part lunch midi-deux | à l'heure du déjeuner | au déjeuner | déjeuner | heure du midi | pause déjeuner
edge early début | en début de | au début de | tôt | en début d' | en début d | début de | début du
edge mid mi | milieu de | au milieu de | en milieu de | milieu du
edge late fin | en fin de | à la fin de | tard | plus tard | en fin d' | en fin d | fin de | à la fin du
  | plus tard dans | plus tard cette | fin du
op after après | pas avant | au plus tôt
op before avant | avant le
op by jusqu'à | jusqu'au | au plus tard | d'ici | d'ici à | pas après | au plus tard le | pas plus tard que
op of de | du
op from depuis | à partir de | à partir du | à partir d' | dès | dès le | à compter du | à compter de
op onward ou plus tard
op between entre
around - vers | environ | autour de | vers les | aux alentours de | aux environs de
to - à | au | jusqu'à | jusqu'au
at - à | @ | sur
or - ou | ou bien | sinon | soit
and - et | ainsi que
of - de | du | d' | des | dans
in - dans | d'ici | sous
within - dans les | sous | d'ici
weekof - la semaine du | semaine du
fill - le | la | les | l' | au | en | plutôt | peut-être | de préférence | idéalement | éventuellement
  | volontiers | par exemple | bien | n'importe quand | n'importe
every - chaque | tous les | toutes les | tous | hebdomadaire
not - je suis absent | je suis absente | je suis pris | je suis prise | en congé | en vacances | pas | pas le
  | sauf | sauf le | excepté | hormis | à part | mais pas | hors | je ne peux pas | je ne suis pas disponible
  | indisponible | absent | absente | je ne suis pas là | impossible
bad - absent | absente | indisponible | en congé | en vacances | en congés | ne me convient pas
  | ne convient pas | ne va pas | n'est pas possible | est impossible | ne marche pas | ça ne va pas
  | je ne peux pas | je ne suis pas disponible | je ne suis pas là | c'est impossible | est complet | n'ira pas
  | je suis absent | je suis pris | je suis prise | je suis absente | ne m'arrange pas
but - mais | cependant | par contre | en revanche | mieux
your - votre heure | heure de chez vous | chez vous | ton heure | de votre côté | à votre heure | heure à vous
  | votre fuseau
mine - mon heure | notre heure | chez nous | chez moi | heure d'ici | de mon côté | heure de chez nous
now - maintenant | tout de suite | immédiatement
clock 12:00 midi
clock 00:00 minuit
hourword - heures | heure | h
frac halfafter et demie | et demi
frac quarterafter et quart
frac quarterbefore moins le quart
half - demi-heure | une demi-heure | une demie-heure | demi heure
holiday easter pâques
holiday easter_monday lundi de pâques
holiday whit_monday lundi de pentecôte
holiday christmas noël
holiday new_year jour de l'an | nouvel an
money - € | euros | euro | eur
num 1 un | une
num 2 deux
num 3 trois
num 4 quatre
num 5 cinq
num 6 six
num 7 sept
num 8 huit
num 9 neuf
num 10 dix
num 11 onze
num 12 douze
num 15 quinze
num 20 vingt
num 30 trente
few - quelques | plusieurs
ord 1 premier | première | 1er
"""
