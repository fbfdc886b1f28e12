"""What somebody wrote anew, without what they quote and without their signature.

Rules, not a model: a quote starts at an attribution line ("On … wrote:", in a dozen languages), at a separator that
a mail program draws, or at a block of header lines; a signature at "-- " or at the line a phone adds.
"""

import re

# "On <date>, <name> wrote:" — the line ends with the verb and a colon, and names a date or an address.
_WROTE = (
    r"wrote|writes|schrieb(?:\s+\S+(?:\s+\S+){0,8})?|a écrit|écrit|ha escrito|escribi[óo]|scrisse|ha scritto|escreveu"
    r"|schreef(?:\s+\S+(?:\s+\S+){0,8})?|skrev(?:\s+\S+(?:\s+\S+){0,8})?|napisał(?:a|\(a\))?|pisze|napsal(?:a|\(a\))?"
    r"|şunu yazdı|yazdı|írta|a scris|작성|כתב(?:ה)?|كتب"
    r"|kirjoitti|пишет|написал(?:\(а\))?|писав|пише|写道|写道|書きました|のメッセージ"
)
_ATTRIBUTION = re.compile(
    # A colon at the end; Zoho draws dashes instead. The second way: Gmail, where it knows no verb.
    rf"^[>\s]*\S.{{5,400}}?(?:(?:{_WROTE})\s*(?:[:：]|[-–—]{{2,10}})"
    r"|\d{1,2}:\d\d\s*(?:[AP]M\s*)?(?:GMT|UTC)[+-]\d.*<\s*\S+@[^<>\s]+\s*>\s*:)\s*$"
    r"|^\s*\d{4}-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d\d:\d\d \S.{0,80}$",
    re.IGNORECASE,
)
# At the end an address, and before it a date with a time: how programs write it that use no verb, or one nobody listed.
# Zoho leaves the colon out. Looked for in steps, so that a hostile line costs no more than its length.
_ADDRESS_END = re.compile(r"<\s*(?:mailto:)?[^<>\s]+@[^<>\s]+\s*>\s*(?:(?:\w+\s*)?[:：]|wrote)\s*")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_ATTRIBUTION_STARTS = re.compile(
    r"^[-–—\s]*(?:on\s|am\s|dnia\s|le\s|el\s|il\s|em\s|op\s|den\s|w dniu\s|dne\s|på\s|vào\s|в\s|\d{1,4}[-/. ]"
    r"|(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|man|tir|tis|ons|tor|lør|lör|søn|sön|mån|seg|ter|qua|qui|sex|jue|mié|vie|pon|wt|śr|czw|pt|sob|nie|пн|вт|ср|чт|пт|сб|вс|понед|вторн|сред|четв|пятн|субб|воскр)[a-zéа-я]*[.,]?\s"
    r"|(?:ma|ti|ke|to|pe|la|su)\s\d{1,2}\."  # Finnish days; "to" and "la" are words elsewhere
    r"|\S.*<[^<>\s]+@[^<>\s]+>|在|20\d\d年)",
    re.IGNORECASE,
)
_HAS_DATE_OR_ADDRESS = re.compile(r"\d{1,4}|@")
_SEPARATOR = re.compile(
    r"^[>\s]*(?:[-_*=–—]{1,}\s*)(?:original(?:\s+message)?|original appointment"
    r"|forwarded(?:\s+message)?|reply(?: message)?"
    r"|ursprüngliche nachricht|originalnachricht|weitergeleitete nachricht|message (?:d['’]origine|original|transféré)"
    r"|mensaje original|mensaje reenviado|mensagem original|messaggio originale|messaggio inoltrato"
    r"|oorspronkelijk bericht|doorgestuurd bericht|ursprungligt meddelande|originalmeddelande|opprinnelig melding"
    r"|oprindelig (?:meddelelse|besked)|alkuperäinen viesti|mensagem encaminhada|videresendt meddelelse|původní zpráva"
    r"|wiadomość oryginalna|исходное сообщение|пересылаемое сообщение|原始邮件|邮件原件)\s*(?:[-_*=–—]{2,})?\s*$",
    re.IGNORECASE,
)
_BEGIN_FORWARD = re.compile(
    r"^\s*(?:begin forwarded message|anfang der weitergeleiteten (?:e-?mail|nachricht)"
    r"|début du message (?:transféré|réexpédié)|inicio del mensaje reenviado)\s*:?\s*$",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*(?:[_-]{20,}|[=*~]{3,})\s*$")
_HEADER_LINE = re.compile(
    r"^[>\s]*\*?(?:from|sent|to|cc|date|subject|reply-to|von|gesendet|an|datum|betreff"
    r"|de|envoyé(?: le| par)?|message du|copie à|à|objet|date d['’]envoi"
    r"|enviado(?: el)?|para|asunto|fecha|da|inviato|a|oggetto|data|assunto|enviada em|van|verzonden|aan|onderwerp"
    r"|från|skickat|till|ämne|fra|sendt|til|emne|od|do|temat|wysłano|от|кому|тема|дата|отправлено|发件人|发送时间|收件人|主题)"
    r"\*?\s?[:：]\*?",
    re.IGNORECASE,
)
_SENDER_LINE = re.compile(
    r"^[>\s]*\*?(?:from|von|de|van|da|från|fra|od|от|发件人)\*?\s?[:：]\*?.*[<\[].*@", re.IGNORECASE
)
_ANY_FIELD = re.compile(r"^[>\s]*\*?[^\W\d_][\w ]{0,20}\*?\s?[:：]\*?\s*\S", re.UNICODE)
_CLOCK = re.compile(r"\b\d{1,2}[:.]\d\d\b")
_SIGNATURE = re.compile(
    r"^\s*(?:-{2,3}|—|_{2,3})\s*$"
    # No comma: "Sent from my desk, it is easier." is a sentence. An excuse for typing errors is none.
    r"|^\s*(?:sent (?:from|via|with|by|using) (?:my|outlook|mail|yahoo|gmail|samsung|proton|the|a|nine|spark)\b"
    r"[^,;]{0,60}"
    r"(?:[,;] ?(?:please|sorry|excuse|apolog|pardon).{0,60})?"
    # Any other program that names itself with its address: "Sent from Acme Mail <https://…>".
    r"|(?:sent|gesendet|envoyé|enviado|inviato|verzonden) (?:from|via|with|von|mit|depuis|avec|desde|con|da|met|vanaf)"
    r" [^,;.<>]{1,40}<(?:https?://|www\.)[^<>\s]{1,200}>"
    r"|.{0,30}\boutlook (?:for|für|pour|para|per|voor|til) (?:ios|android|windows|mac).{0,40}"
    r"|sent from .{0,30}(?:phone|pad|mobile|android|blackberry).{0,40}"
    r"|(?:von|gesendet von|gesendet mit|diese nachricht wurde von) (?:meinem|mein|der|outlook|unterwegs)\b.{0,60}"
    r"|envoyé (?:de|depuis|à partir de) .{0,60}|enviado (?:desde|de|do|a partir) .{0,60}"
    r"|inviato (?:da|dal) .{0,60}"
    r"|(?:verzonden|verstuurd) (?:vanaf|met|vanuit|via) .{0,60}|skickat från .{0,60}|sendt fra .{0,60}"
    r"|wysłane z .{0,60}"
    r"|отправлено (?:с|из) .{0,60})\s*$",
    re.IGNORECASE,
)
# No-break space; zero width characters; the dot by which a tracking extension marks its mails.
_INVISIBLE = {
    **dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x1427)),
    **dict.fromkeys((0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))),  # which way a line runs
    0xA0: " ",
}
_LONGEST_LINE = 5_000
_BROKEN_FROM = 60  # characters: programs break lines at 72 or 78, marks included
_QUOTED = re.compile(r"^\s*>")


def new_text(text: str) -> str:
    """The words that are new in a reply. Empty where it only quotes: quoted words are ours, and must not be read as
    theirs."""
    # A line that long is no line of a mail program's; cut, so that no rule below works on a wall of text.
    lines = [line[:_LONGEST_LINE] for line in text.replace("\r\n", "\n").translate(_INVISIBLE).split("\n")]
    kept: list[str] = []
    at = 0
    while at < len(lines):
        length = _attribution_length(lines, at)
        if length:
            after = _next_words(lines, at + length)
            if after is None or not _QUOTED.match(lines[after]):
                break  # what follows is quoted without marks, to the end
            at += length
            continue
        if _quote_starts(lines, at) or _SIGNATURE.match(lines[at]):
            break
        if not _QUOTED.match(lines[at]) and not _broken_off_quote(lines, at):
            kept.append(lines[at].rstrip())
        at += 1
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _attribution_length(lines: list[str], at: int) -> int:
    """How many lines from `at` on are an attribution, 0 when none is: programs fold it into up to six."""
    if not 5 < len(lines[at]) < 500 or _QUOTED.match(lines[at]) or not _ATTRIBUTION_STARTS.match(lines[at]):
        return 0
    joined = ""
    for length in range(1, 7):
        if at + length > len(lines):
            return 0
        line = lines[at + length - 1]
        # An address that was broken off closes on a line of its own, which then looks quoted: ">:".
        unclosed = joined.count("<") > joined.count(">")
        if length > 1 and not unclosed and (_QUOTED.match(line) or (not line.strip() and not _address_next(lines, at))):
            return 0
        joined = f"{joined} {line.strip()}".strip()
        if len(joined) > 500:
            return 0
        if (_ATTRIBUTION.match(joined) and _HAS_DATE_OR_ADDRESS.search(joined)) or _ends_with_address(joined):
            return length
    return 0


def _ends_with_address(joined: str) -> bool:
    before, _, after = joined.rpartition("<")
    if not before or _ADDRESS_END.fullmatch(f"<{after}") is None:
        return False
    return _YEAR.search(before) is not None and _CLOCK.search(before) is not None


def _address_next(lines: list[str], at: int) -> bool:
    """Whether the line after the blank one below `at` opens an address."""
    return any(line.lstrip().startswith("<") for line in lines[at + 1 : at + 4])


def _broken_off_quote(lines: list[str], at: int) -> bool:
    """The rest of a quoted line that a program broke without marking it: between two quoted lines, in small letters."""
    if not 0 < at < len(lines) - 1 or not lines[at].strip():
        return False
    before, after = lines[at - 1], lines[at + 1]
    goes_on = len(before) >= _BROKEN_FROM and _QUOTED.match(before) is not None and _QUOTED.match(after) is not None
    return goes_on and lines[at].lstrip()[:1].islower()


def _quote_starts(lines: list[str], at: int) -> bool:
    line = lines[at]
    if _SEPARATOR.match(line) or _BEGIN_FORWARD.match(line):
        return True
    if _RULE.match(line):
        following = _next_words(lines, at + 1)
        return following is not None and _header_block(lines, following)
    return _header_block(lines, at)


def _header_block(lines: list[str], at: int) -> bool:
    """Three header lines of a mail among the next five: Outlook's way to quote. In a language that is not listed
    above, four fields in a row with an address and a time among them."""
    if _HEADER_LINE.match(lines[at]):
        fields = sum(1 for line in lines[at : at + 6] if _HEADER_LINE.match(line))
        return fields >= 3 or (fields == 2 and _SENDER_LINE.match(lines[at]) is not None)
    block = lines[at : at + 4]
    if len(block) < 4 or not all(_ANY_FIELD.match(line) for line in block):
        return False
    joined = " ".join(block)
    return "@" in joined and _CLOCK.search(joined) is not None


def _next_words(lines: list[str], at: int) -> int | None:
    for index in range(at, min(at + 6, len(lines))):
        if lines[index].strip():
            return index
    return None
