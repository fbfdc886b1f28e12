"""First names that are used for one another, so that "Bob" and "Robert" may be one person.

Written by hand from common use; a hint of the strength of a typing error, never of equality.
"""

from functools import lru_cache

from tools.names import plain

# The formal name first. A short form that stands for several formal ones is listed with the most common.
_FAMILIES = """
alexander alex alec sandy sasha aleksandr alexandre alessandro alejandro xander
alexandra alexa lexi sandra
andrew andy drew andreas andre andrei andrej anders andrzej andres
anthony tony antonio anton antoine antony
barbara barb babs
benjamin ben benny benji
catherine kate katie kathy cathy katherine kathryn katharina catharine cat kitty katarina ekaterina
charles charlie chuck chas karl carl carlos charley karel
christine chris christina tina kristin kristina chrissy christiane
christopher chris kit christoph christophe kristof cristobal topher
daniel dan danny daniele
david dave davy davide
deborah deb debbie debra
dennis denis den
donald don donny
dorothy dot dottie dolly dorothea
edward ed eddie ted ned teddy eduard eduardo edouard edmund
eleanor ellie nell nora
elizabeth liz beth betsy betty lizzie eliza elisabeth elise libby lisbeth
eugene gene
florence flo flossie
frances fran fanny francesca franziska francine
francis frank francois francisco franz frankie francesco
frederick fred freddie fritz friedrich frederic rick
gabriel gabe
george geo georg georges giorgio jorge jurgen
gerald gerry jerry gerard gerhard
gregory greg gregor
harold harry hal
helen nell nellie helena elena helene
henry harry hank heinrich henri enrique hal henrik
isabella bella isabel isabelle
jacob jake jakob jacques
james jim jimmy jamie jem jaime jacobus
jane janet jean jenny
jennifer jen jenny
jeffrey jeff geoff geoffrey
jessica jess jessie
john jack johnny jon jonny ian sean johann johannes hans jan jean juan ivan giovanni joao evan shaun shane
jonathan jon jonny
joseph joe joey jose giuseppe josef jozef
joshua josh
judith judy jude
kenneth ken kenny
lawrence larry lars laurence lorenz lorenzo laurent
leonard len lenny leo leonardo leonhard
lewis lew lou louis luis ludwig luigi louie
louisa lou louise luise
margaret maggie meg peggy marge margie greta margarete margaux margarita madge daisy rita
martha marty patty mattie
martin marty marten
mary marie maria molly polly mae mia maryam
matthew matt matthias mathieu matteo mateusz mats
michael mike mick mickey micky michel miguel mikhail michele michal misha
nancy nan ann anne anna annie hannah
nathan nate nat nathaniel
nicholas nick nicky nicolas nikolaus klaus nikolai nicola niklas
oliver ollie olivier
pamela pam
patricia pat patty trish tricia
patrick pat paddy patrik
paul pavel pablo paolo pauli pawel
peter pete petr pedro pietro pierre piotr petra
philip phil philippe felipe filip pip
raymond ray raimund
rebecca becky becca
richard rick dick rich richie ricky ricardo rik
robert bob bobby rob robbie bert roberto bobbie
ronald ron ronnie
samuel sam sammy
samantha sam
sarah sally sadie sara
stephen steve steven stefan stephan esteban etienne stefano stevie
susan sue susie suzanne susanna susanne
terence terry
theodore ted teddy theo theodor
theresa terry tess teresa tessa
thomas tom tommy tomas tomasz tommaso
timothy tim timmy
victoria vicky tori
vincent vince vinny
virginia ginny ginger
walter walt wally
william bill will billy liam willy wilhelm guillaume willem guillermo bille
zachary zach zack
""".strip().splitlines()

_FORMAL: dict[str, str] = {}
for _line in _FAMILIES:
    _formal, *_others = _line.split()
    for _name in (_formal, *_others):
        _FORMAL.setdefault(_name, _formal)


@lru_cache(maxsize=65_536)
def canonical(first_name: str) -> str:
    """ "Bob" → "robert"; a name without a known family is itself, folded. Idempotent."""
    folded = plain(first_name[:100]).strip(" .")
    return _FORMAL.get(folded, folded)
