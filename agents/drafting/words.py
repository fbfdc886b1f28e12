"""The word lists of the gate, each with the reason it is there. English; a new language adds its own lists."""

import re
from collections.abc import Mapping
from types import MappingProxyType


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that may open a sentence with a capital and are not names. Anything else that opens one must be a known name.
STARTERS = _words("""
a about above after again all almost already also although always am among an and another any anything are
around as ask asking at away back be because been before being best better between both bottom but by call
came can cheers companies concrete could dear did do does done during each either else enough especially even
every everything few first for from further generally get given glad good great had happy has have having he
hello her here hey hi hiring his how however i idea if in instead into is it its just keep kind last later
less let like long look looked looking made make making many maybe may meanwhile might more most much my
neither never new news next no none nor not nothing note now of often on once one only open opening or other
our out over people per perhaps please plenty question quick quickest rather re read regards same saw say see
seen shall she short should simple since so some something sometimes soon sorry still such sure take tell
thank thanks that the their them then there these they thing things this those though through thus times to
together too top toward under until up upon us use usually very voicemail warm was way we well were what when
where whether which while who whom whose why will with within without would writing yes yet you your worth
below apart based beyond building calling clear currently done earlier easy figured fair finally hearing
honestly hoping interested know knowing leave looks lots mind noted noticed others ours possibly really right
seeing seems sending sounds teams thinking think tried trying understood wanted wondering recently apologies
pleased renewal follow-up following ask opening nice word headline
""")

# Capitals inside a sentence that name nobody.
PLAIN_CAPITALS = _words("I I'm I'd I'll I've OK B2B")

# Too common to carry a statement.
STOP_WORDS = STARTERS | _words("""
said says went goes going got it's i'm i'd i'll i've you're you've don't does doesn't isn't that's there's used uses
using work works worked working want wants need needs show shows find found noticed notice seems seem think thought
know published mentioned mention described describes description mail message reply site website page pages post
posted article press recently currently today career careers job jobs role roles company team business folks side
month year across came heard learned wrote written wondering curious congratulations well-done understand changed
contract customer mine yours ours theirs itself yourself myself than nice right however
""")

MONTHS: Mapping[str, int] = MappingProxyType({
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
         "september sep sept", "october oct", "november nov", "december dec"), 1)
    for name in names.split()
})  # fmt: skip

WEEKDAYS: Mapping[str, int] = MappingProxyType({
    name: number
    for number, names in enumerate(
        ("monday mon", "tuesday tue tues", "wednesday wed", "thursday thu thurs", "friday fri", "saturday sat",
         "sunday sun"))
    for name in names.split()
})  # fmt: skip

# "one" is left out: "one call", "a one-word no".
NUMBER_WORDS: Mapping[str, int] = MappingProxyType({
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "hundred": 100, "hundreds": 100, "thousand": 1000, "thousands": 1000, "million": 10**6,
    "millions": 10**6, "billion": 10**9, "billions": 10**9, "dozen": 12, "dozens": 12, "half": 0, "double": 2,
    "doubled": 2, "triple": 3, "tripled": 3, "twice": 2, "quarter-century": 25,
})  # fmt: skip

# What a count counts: a number that rests on one of these fields stands beside one of its words.
UNIT_WORDS: Mapping[str, frozenset[str]] = MappingProxyType({
    "employees": _words("employee employees people staff team headcount person persons colleagues strong"),
    "open_roles": _words("role roles opening openings position positions job jobs vacancy vacancies hiring hire hires"),
    "hiring": _words("role roles opening openings position positions job jobs vacancy vacancies hiring hire hires"),
    "funding": _words("raised raise raising round funding series seed investment investors funded financing"),
    "founded_year": _words("founded since started established shop back began"),
    "revenue": _words("revenue revenues sales turnover arr"),
})  # fmt: skip

# Verbs and nouns that say of somebody no more than that the fact is so.
SAID_OF: Mapping[str, frozenset[str]] = MappingProxyType({
    "employees": _words("have has count counts employ employs size strong"),
    "hiring": _words("look looks looking recruit recruiting search searching seek seeking post career careers"),
    "open_roles": _words("look looks looking recruit recruiting search searching seek seeking post career careers"),
    "funding": _words("close closed announce announced announcement receive received"),
    "founded_year": _words("found founding around start start-up begin began set shop back opened go goes going"),
    "technology": _words("use uses using user rely relies work works working run runs running built stack tool shop"),
    "technology_added": _words("use uses using add added adopt adopted start started work works stack tool"),
    "leadership_change": _words("new colleague change join joined appoint appointed"),
})  # fmt: skip

# How the writer came to know it: words about the writer, not about the reader.
FRAME = _words("""
saw see seen read reading notice noticed find found came across heard hear look looked learn learned spot spotted
believe understand gather news announcement page pages site website careers feed post article press release caught
eye attention thought writing wrote write reason describe describes describing yourself yourselves say says puts put
call calls congratulations team company seem seems tell gather word words own home opens open reads headline blog
stumbled announced announce says
""")

BANNED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE), reason)
    for pattern, reason in (
        (r"act now|limited[- ]time|urgent(?:ly)?|last chance|don['’]t miss|expires? soon|while (?:it|they) lasts?",
         "Pressure: mail filters and readers both know it."),
        (r"guarantee[ds]?|risk[- ]free|no[- ]risk|100\s?% (?:free|safe|satisfied)|money[- ]back|no obligation",
         "A promise nobody in this mail can keep."),
        (r"free (?:trial|gift|money|access|consultation|quote)|for free|cash|bonus|earn \S+|make money|discount|"
         r"special offer|best price|lowest price|cheap(?:est)",
         "A classic of bulk mail: filters count it."),
        (r"click (?:here|below)|buy now|order now|sign up (?:now|today)|subscribe now|call now",
         "An order to a stranger, and a filter's favourite."),
        (r"revolutioni[sz]\w+|game[- ]chang\w+|cutting[- ]edge|world[- ]class|best[- ]in[- ]class|next[- ]gen\w*|"
         r"synerg\w+|disrupt\w+|supercharge\w*|skyrocket\w*|unlock\w*|unleash\w*|10x|state[- ]of[- ]the[- ]art|"
         r"industry[- ]leading|seamless(?:ly)?|turnkey|amazing|incredible|unbelievable",
         "Hype: it says nothing that could be checked."),
        (r"i hope this (?:e?-?mail|message) finds you(?: well)?|hope you(?:['’]re| are) (?:doing )?well|"
         r"just (?:checking in|following up|circling back|bumping)|touch(?:ing)? base|circle back|"
         r"pick your brain|quick question|per my last|low[- ]hanging fruit",
         "A worn-out opening: readers stop there."),
        (r"congratulations,? you|dear (?:sir|madam|friend|customer)|you(?:['’]ve| have) been (?:selected|chosen)",
         "It reads like a mass mailing."),
        (r"as we discussed|as discussed|following our (?:call|conversation|chat|meeting)|great (?:talking|speaking)|"
         r"nice (?:meeting|talking)|you requested|as promised|as requested",
         "It claims an earlier contact that is not on record."),
        (r"(?:when|as) we (?:met|spoke|talked)|we (?:met|spoke|talked)|thanks? (?:you )?for your time|"
         r"per your request|you asked (?:me|us) to|"
         r"our (?:last |recent )?(?:call|conversation|chat|meeting) (?:on|in|at|last|this|about)",
         "It claims an earlier contact that is not on record."),
    )
)  # fmt: skip

PLACEHOLDERS = re.compile(
    r"\{\{|\}\}|\{%|%\}|\{#|#\}|\$\{|<%|%>|(?<!\w)%[sd](?!\w)|\{[A-Za-z_ ]+\}|\[[A-Za-z_ ]{2,40}\]|"
    r"<[A-Za-z_ ]{2,40}>|(?<!\w)(?:XX+|TBD|TBA|TODO|FIXME|lorem|ipsum|null|undefined|NaN|None|first_?name|"
    r"last_?name|company_?name|insert (?:name|company|here))(?!\w)"
)

# Text of a fact that talks to a model or to a machine instead of saying something about a company.
INSTRUCTION_LIKE = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier|all|"
    r"any|your|the|these)\b|"
    r"\b(?:system|developer|hidden) (?:prompt|message|instructions?)\b|\binstructions?:|\bprompt injection\b|"
    r"\byou are (?:now|an? (?:ai|assistant|language|helpful))\b|\bas an ai\b|\bact as\b|\bpretend\b|\bjailbreak\b|"
    r"\bnew (?:instructions?|task|rules?)\b|\b(?:assistant|system|user|human)\s*:|<\|?\w+\|?>|\[/?INST\]|"
    r"\b(?:please )?(?:reply|respond|answer|write|say|output|print|repeat|send|forward|email|e-mail|include|add|insert|"
    r"visit|click|open|download|execute|run|call|transfer|pay)\b .{0,40}\b(?:to|with|this|the following|link|exactly|"
    r"only|password|secret|key|address)\b|"
    # Verbs that give an order when a text opens with them; no company describes itself so.
    r"^\W*(?:\\ ?n|now |please |then |next )*(?:generate|write|say|state|drop|print|output|translate|summari[sz]e|"
    r"repeat|pretend|imagine|forget|stop|tell|give me|show me|list|explain|describe|create|compose|"
    r"answer|respond|reply|act|"
    r"assume|consider|let's|what|who|how|why|when|where|is|are|can|could|do|does|should|i want|i need|i would|you)\b|"
    r"\b(?:all|your|the) (?:previous |prior |above )?(?:instructions?|orders?|directives?|prompts?)\b|\\ ?n|"
    r"\b(?:ignorier\w*|vergiss|vergessen sie|olvida|ignora|ignorez|oublie[zr]?)\b|"
    r"\bdo not (?:tell|mention|reveal|follow)\b|\b(?:password|api[ _-]?key|secret key|credentials?|bcc|cc:)\b",
    re.IGNORECASE | re.DOTALL,
)
