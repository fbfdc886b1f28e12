"""English words of time. A line: kind, value, and the phrases that mean it (lexicon.py reads it)."""

WORDS = """
wd 0 monday | mon | monday's
wd 1 tuesday | tue | tues
wd 2 wednesday | wed | weds | wedn
wd 3 thursday | thu | thur | thurs
wd 4 friday | fri | friday's
wd 5 saturday | sat
wd 6 sunday | sun
wds 0 mondays
wds 1 tuesdays
wds 2 wednesdays
wds 3 thursdays
wds 4 fridays
wds 5 saturdays
wds 6 sundays
month 1 january | jan
month 2 february | feb
month 3 march | mar
month 4 april | apr
month 5 may
month 6 june | jun
month 7 july | jul
month 8 august | aug
month 9 september | sept | sep
month 10 october | oct
month 11 november | nov
month 12 december | dec
rel 0 today
rel 1 tomorrow | tomorrow's | tmrw | tmr | tmw | tomorow | tommorow | tommorrow | the next day | next day
  | the following day
rel 1 the day after
rel 2 day after tomorrow | the day after tomorrow
tonight 0 tonight | tonite
past 1 yesterday | ago | day before yesterday
unit minute minute | minutes | min | mins
unit hour hour | hours | hr | hrs | h | hour's | hours'
unit day day | days | days' | day's
unit week week | weeks | wk | wks | week's | weeks'
unit weekend weekend | week-end
wds 5 weekends
unit workweek working week | work week | workweek | business week
unit workday business days | business day | working days | working day | workdays | weekdays | weekday
unit month month | months | month's | months'
unit quarter quarter | quarters
unit year year | years | yr | yrs
unit fortnight fortnight | fortnights
unit second seconds | sec | secs
unit century century | decade | decades
this - this | the current | current
next - next | the following | following | coming | the coming | upcoming | the next | next coming
afternext - after next
last - last | past | previous | the last | the past | the previous
part morning morning | mornings | in the morning | forenoon
part afternoon afternoon | midafternoon | in the afternoon | afternoons | arvo
part evening evening | in the evening | evenings
part night night | at night | nighttime
part lunch lunchtime | lunch hour | lunch break | lunch time | lunch | at lunch | over lunch
part daytime daytime | business hours | office hours | working hours
edge early early | early in | earlier in | beginning of | the beginning of | start of | the start of | earlier
  | at the start of | at the beginning of | first half of
edge mid mid | middle of | the middle of | in the middle of
edge late late | later | end of | the end of | later in | late in | latter half of | second half of
  | at the end of | towards the end of
firstthing - first thing | first thing in the | first thing on
edge eod eod | cob | end of day | the eod | end of the day | close of business | close of play | end of business
  | the end of the day | the close of business
edge eow eow | end of week
edge eom eom
edge eoy eoy
op after or later than | after | later than | past | anytime after | any time after | following on from
op from not before | no earlier than | not earlier than | no sooner than | not until
op before or earlier than | before | sooner than | in advance of | prior to | earlier than | ahead of | previous to
op by by | no later than | not later than | not after | as late as | at the latest by | until | till | til | up to
  | untill | ending | ending by | by the latest
op from from | since | starting | starting from | starting on | starting at | beginning | beginning on
  | as early as | from about | as of | onwards from | any time from | anytime from | commencing | commencing on
op onward onwards | onward | or later | or after | on or after | and later | and after
op between between
op earlier or earlier | or before | at the latest | latest
around - around | about | approximately | approx | roughly | circa | sometime around | sharp | exactly | at around
  | at about | round about
ish - ish | or so | or thereabouts
to - to | through | thru | and up to | until | till | til | untill | up to | up until
at - at | @
or - or | alternatively | and/or | else
and - and | plus | &
of - of | in | the week of
weekof - the week of | week of | w/c | wc | wk of | week commencing | week beginning | week starting
  | the week beginning
  | the week commencing | the week starting | week starting on | the week starting on | week beginning on
in - in | in about | in around | over
vague - more than | less than | at least | at most | over
meal - brunch | teatime
part breakfast breakfast | breakfast time
part dinner dinner | supper | suppertime | dinnertime | dinner time
season - spring | summer | autumn | winter
restof - rest of | the rest of | remainder of | the remainder of | remaining | what is left of | what's left of
within - within | within the | in the space of | inside
fornow - from now | from today | hence | later than now
weekno - week
fill - on | the | sometime | some time | any time | anytime | please | maybe | perhaps | either | both | say
  | also | day | the month of | month of | ideally | preferably | any day | on any day
every - every | each | weekly | daily | monthly | every other | fortnightly
not - not | not on | except | except for | except on | apart from | but not | other than | excluding
  | unavailable | busy | anything but | any day but | can't do | cannot do | can not do | can't make
  | cannot make | won't work | i'm out | am out | i am out | be out | are out | out of office
  | out of the office | i am off | i'm off | off | no good on | never on | don't work | not available
  | i'm away | away | be away | no longer available | can't | cannot | can't on
bad - doesn't work | does not work | won't work | don't work | do not work | is out | are out | is bad
  | is not good | isn't good | is no good | are no good | not possible | is impossible | isn't possible
  | is not possible | not an option | is full | is packed | is taken | is booked | doesn't suit | does not suit
  | isn't great | is tricky | is not great | is difficult | is off
but - but | however | though | instead | rather | would be better | otherwise
your - your time | your timezone | your time zone | your end | your local time | your clock | your side
mine - my time | our time | my timezone | my time zone | our time zone | here | my end | local time here
  | my local time | our local time
now - now | right now | asap | immediately | as soon as possible
clock 12:00 noon | midday | noonish | noontime | noon time | mid day | mid-day | 12 noon | twelve noon | high noon
clock 00:00 midnight | mid night
frac half half | half past | half an
frac quarter quarter past | quarter after
frac threequarters three quarters past | three quarter past
frac quarterto quarter to | a quarter to | quarter of
frac quarterto a quarter to | a quarter till | quarter till | a quarter of
frac quarter a quarter past | a quarter after
minpast - past
hourword - o'clock | oclock | o clock
half - half an hour | half hour | half-hour | half an hr
money - $
holiday easter easter | easter sunday
holiday easter_monday easter monday
holiday good_friday good friday
holiday whit_monday whit monday
holiday christmas christmas | christmas day | xmas | xmas day | x-mas
holiday christmas_eve christmas eve
holiday new_year new year | new year's | new year's day | new years | new years day | new year day
holiday new_year_eve new year's eve | new years eve
holiday thanksgiving thanksgiving | thanksgiving day
holiday independence_day independence day | fourth of july | us independence day
holiday labor_day labor day | labour day
holiday memorial_day memorial day
holiday veterans_day veterans day | veterans' day | veteran's day | veteran day
holiday mlk_day martin luther king day | martin luther king jr day | mlk day | martin luther king's day
holiday presidents_day presidents day | presidents' day | president's day | washington's birthday
holiday columbus_day columbus day
holiday juneteenth juneteenth
holiday black_friday black friday
holiday cyber_monday cyber monday
holiday mothers_day mother's day | mothers day | mothers' day
holiday fathers_day father's day | fathers day | fathers' day
holiday boxing_day boxing day | st stephen's day | st. stephen's day
holiday st_patrick st patrick's day | st. patrick's day | saint patrick's day | st patricks day
holiday earth_day earth day
holiday may_day may day | international workers' day | international workers day
holiday groundhog_day groundhog day
holiday cinco_de_mayo cinco de mayo
holiday april_fools april fools | april fools' day | april fools day | april fool's day
holiday all_saints all saints' day | all saints day | all saint's day
holiday all_souls all souls' day | all souls day
holiday guy_fawkes guy fawkes | guy fawkes day | guy fawkes night | bonfire night
holiday bastille_day bastille day
holiday womens_day women's day | international women's day
holiday childrens_day international children's day
holiday easter_saturday easter saturday
holiday ash_wednesday ash wednesday
holiday palm_sunday palm sunday
holiday maundy_thursday maundy thursday | holy thursday
holiday ascension ascension day | ascension | ascension thursday
holiday whit_sunday pentecost | whit sunday | whitsun | white sunday
holiday corpus_christi corpus christi
holiday mardi_gras mardi gras | shrove tuesday | fat tuesday | pancake day
holiday clean_monday clean monday | ash monday
holiday trinity_sunday trinity sunday
movable - midweek | chinese new year | lunar new year | eid | eid al fitr | eid al-fitr | eid al adha
  | eid al-adha | ramadan
  | diwali | hanukkah | passover | yom kippur | rosh hashanah | lantern festival | dragon boat festival
  | mid-autumn festival | mid autumn festival | qingming | qingming festival | islamic new year | holi
  | orthodox easter | spring festival | tomb sweeping day | teacher's day | children's day | youth day
  | super tuesday | bank holiday | election day | inauguration day | canberra day | girls' day | tree planting day
holiday halloween halloween | hallowe'en
holiday valentines valentine's day | valentines day | valentine day
num 1 one | a | an
num 2 two | a couple | couple | a couple of | couple of
num 3 three
num 4 four
num 5 five
num 6 six
num 7 seven
num 8 eight
num 9 nine
num 10 ten
num 11 eleven
num 12 twelve
num 13 thirteen
num 14 fourteen
num 15 fifteen
num 16 sixteen
num 17 seventeen
num 18 eighteen
num 19 nineteen
num 20 twenty
num 30 thirty
num 40 forty | fourty
num 45 forty-five
num 50 fifty
few - few | a few | several | some
ord 1 first
ord 2 second
ord 3 third
ord 4 fourth
ord 5 fifth
ord 6 sixth
ord 7 seventh
ord 8 eighth
ord 9 ninth
ord 10 tenth
ord 11 eleventh
ord 12 twelfth
ord 13 thirteenth
ord 14 fourteenth
ord 15 fifteenth
ord 16 sixteenth
ord 17 seventeenth
ord 18 eighteenth
ord 19 nineteenth
ord 20 twentieth
ord 30 thirtieth
"""
