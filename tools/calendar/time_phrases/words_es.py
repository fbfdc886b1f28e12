"""Spanish words of time."""

WORDS = """
timeword - hora de
wd 0 lunes
wd 1 martes
wd 2 miércoles | miercoles
wd 3 jueves
wd 4 viernes
wd 5 sábado | sabado
wd 6 domingo
wds 0 los lunes
wds 1 los martes
wds 2 los miércoles
wds 3 los jueves
wds 4 los viernes
month 1 enero | ene
month 2 febrero | feb
month 3 marzo
month 4 abril | abr
month 5 mayo
month 6 junio | jun
month 7 julio | jul
month 8 agosto | ago
month 9 septiembre | setiembre | sept | sep
month 10 octubre | oct
month 11 noviembre | nov
month 12 diciembre | dic
rel 0 hoy
rel 1 mañana
rel 2 pasado mañana
tonight 0 esta noche
past 1 ayer | anteayer | hace
unit minute minuto | minutos | min
unit hour hora | horas
unit day día | días | dia | dias
unit week semana | semanas
unit weekend fin de semana
unit workday días laborables | días hábiles | día laborable | día hábil
unit month mes | meses
unit quarter trimestre
unit year año | años
weekno - semana
this - este | esta | estos | estas
next - próximo | próxima | proximo | proxima | próximos | próximas | que viene | siguiente | que entra | siguientes
afternext - siguiente a la próxima
last - pasado | pasada | último | última | últimos
part morning por la mañana | de la mañana | en la mañana | a la mañana | la mañana | mañanas
part afternoon tarde | por la tarde | de la tarde | en la tarde | la tarde
part night noche | por la noche | de la noche | en la noche
part lunch mediodía | al mediodía | a mediodía | a la hora de comer | a la hora del almuerzo
edge early principios de | a principios de | temprano | a primera hora de | primera hora de | comienzos de
  | a comienzos de | a primera hora | inicio de | a inicios de
edge mid mediados de | a mediados de
edge late finales de | a finales de | fines de | a última hora de | a última hora | tarde en | más tarde
  | final de | a final de | a finales
op after después de | después del | tras | no antes de | no antes del | después
op before antes de | antes del | antes
op by hasta | hasta el | a más tardar | como muy tarde | no más tarde de | hasta las
op of de | del
op from desde | a partir de | a partir del | desde el | desde las
op onward en adelante | o más tarde | o después
op between entre
around - sobre | hacia | alrededor de | aproximadamente | a eso de | más o menos
to - a | al | hasta | hasta las | hasta el
at - a | a las | a la | @ | para
or - o | o bien | si no | u
and - y | e | así como
of - de | del | en
in - en | dentro de
within - en los | en las | dentro de | en un plazo de
weekof - la semana del | semana del
fill - el | la | las | los | lo | quizá | quizás | preferiblemente | cualquier momento | en cualquier momento
  | por ejemplo | mejor | día | en | también
every - cada | todos los | todas las | semanalmente
not - estoy fuera | no estaré | no estoy disponible | de vacaciones | no | no el | excepto | excepto el | salvo
  | salvo el | menos | menos el | pero no | no puedo | no estoy | imposible | excluyendo | no puedo el
  | no podemos el
bad - de vacaciones | no me viene bien | no me va bien | no puedo | no es posible | no podemos | no funciona
  | no me funciona | es imposible | no nos viene bien | no estoy | está lleno | no estaré | no me conviene
  | estoy fuera | no estoy disponible
but - pero | sin embargo | en cambio | sino
your - su hora | tu hora | vuestra hora | hora suya | hora tuya | hora de ustedes | hora vuestra | de su zona
mine - mi hora | nuestra hora | hora nuestra | hora mía | hora de aquí | de mi zona
now - ahora | ahora mismo | inmediatamente
clock 12:00 las doce del mediodía
clock 00:00 medianoche
hourword - horas | hrs | hs | h
frac halfafter y media
frac quarterafter y cuarto
frac quarterbefore menos cuarto
half - media hora
holiday easter pascua | domingo de pascua
holiday good_friday viernes santo
holiday christmas navidad
holiday christmas_eve nochebuena
holiday new_year año nuevo
holiday new_year_eve nochevieja
money - € | euros | euro | eur
num 1 un | una | uno
num 2 dos | un par de | par de
num 3 tres
num 4 cuatro
num 5 cinco
num 6 seis
num 7 siete
num 8 ocho
num 9 nueve
num 10 diez
num 11 once
num 12 doce
num 15 quince
num 20 veinte
num 30 treinta
few - unos | unas | algunos | varios
ord 1 primero | primer
"""
