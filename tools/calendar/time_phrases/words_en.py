"""English words of time. A line: kind, value, and the phrases that mean it (lexicon.py reads it)."""

WORDS = """
wd 0 monday | mon
wd 1 tuesday | tue | tues
wd 2 wednesday | wed | weds
wd 3 thursday | thu | thur | thurs
wd 4 friday | fri
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
rel 1 tomorrow | tmrw | tmr | tomorow | the day after | the next day | next day | the following day
rel 2 day after tomorrow | the day after tomorrow
tonight 0 tonight | tonite
past 1 yesterday | ago | day before yesterday
unit minute minute | minutes | min | mins
unit hour hour | hours | hr | hrs | h
unit day day | days
unit week week | weeks | wk | wks
unit weekend weekend | weekends
unit workweek working week | work week | workweek | business week
unit workday business days | business day | working days | working day | workdays | weekdays | weekday
unit month month | months
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
part afternoon afternoon | in the afternoon | afternoons | arvo
part evening evening | in the evening | evenings
part night night | at night | nighttime
part lunch lunchtime | lunch time | lunch | at lunch | over lunch
part daytime daytime | business hours | office hours | working hours
edge early early | early in | earlier in | beginning of | the beginning of | start of | the start of | earlier
  | first thing | at the start of | at the beginning of | first half of
edge mid mid | middle of | the middle of | in the middle of
edge late late | later | end of | the end of | later in | late in | latter half of | second half of
  | at the end of | towards the end of
edge eod eod | cob | end of day | the eod | end of the day | close of business
edge eow eow
edge eom eom
edge eoy eoy
op after or later than | after | later than | past | anytime after | any time after | not before
  | no earlier than | not earlier than | following on from
op before or earlier than | before | in advance of | prior to | earlier than | ahead of | previous to
op by by | no later than | not later than | not after | as late as | at the latest by | until | till | til | up to
op from from | since | starting | starting from | starting on | starting at | beginning | beginning on
  | as early as | from about | as of | onwards from | any time from | anytime from | commencing | commencing on
op onward onwards | onward | or later | or after | on or after | and later | and after
op between between
op earlier or earlier | or before | at the latest | latest
around - around | about | approximately | approx | roughly | circa | ish | or so | sometime around | sharp | exactly
to - to | through | thru | and up to
at - at | @
or - or | alternatively | and/or | else
and - and | plus | &
of - of | in | the week of
weekof - the week of | week of | week commencing | week beginning | week starting | the week beginning
  | the week commencing | the week starting | week starting on | the week starting on | week beginning on
in - in | in about | in around | over
vague - more than | less than | at least | at most | over
meal - brunch | teatime | supper
part breakfast breakfast | breakfast time
part dinner dinner | dinnertime | dinner time
within - within | within the | in the space of | inside
fornow - from now | from today | hence | later than now
weekno - week
fill - on | the | sometime | some time | any time | anytime | please | maybe | perhaps | either | both | say
  | also | day | ideally | preferably | any day | on any day
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
clock 12:00 noon | midday | noonish | noontime
clock 00:00 midnight | mid night
frac half half | half past | half an
frac quarter quarter past | quarter after
frac quarterto quarter to | a quarter to | quarter of
frac quarterto a quarter to
minpast - past
hourword - o'clock | oclock | o clock
half - half an hour | half hour | half-hour | half an hr
money - $
holiday easter easter | easter sunday
holiday easter_monday easter monday
holiday good_friday good friday
holiday whit_monday whit monday
holiday christmas christmas | christmas day | xmas
holiday christmas_eve christmas eve
holiday new_year new year | new year's | new year's day | new years
holiday new_year_eve new year's eve | new years eve
holiday thanksgiving thanksgiving | thanksgiving day
holiday independence_day independence day | fourth of july
holiday labor_day labor day | labour day
holiday halloween halloween
holiday valentines valentine's day | valentines day
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
