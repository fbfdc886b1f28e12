"""What somebody wrote anew, without what they quote and without their signature.

Rules, not a model: a quote starts at an attribution line ("On … wrote:", in a dozen languages), at a separator that
a mail program draws, or at a block of header lines; a signature at "-- " or at the line a phone adds.
"""

import re

# "On <date>, <name> wrote:" — the line ends with the verb and a colon, and names a date or an address.
_WROTE = (
    r"wrote|writes|schrieb(?:\s+\S+(?:\s+\S+){0,8})?|a écrit|écrit|ha escrito|escribi[óo]|scrisse|ha scritto|escreveu"
    r"|schreef(?:\s+\S+(?:\s+\S+){0,8})?|skrev(?:\s+\S+(?:\s+\S+){0,8})?|napisał(?:\(a\))?|pisze|napsal(?:\(a\))?"
    r"|kirjoitti|пишет|написал(?:\(а\))?|писав|пише|写道|写道|書きました|のメッセージ"
)
_ATTRIBUTION = re.compile(
    rf"^[>\s]*\S.{{5,400}}?(?:(?:{_WROTE})\s*[:：]"
    r"|\d{1,2}:\d\d\s*(?:[AP]M\s*)?(?:GMT|UTC)[+-]\d.*<\s*\S+@[^<>\s]+\s*>\s*:)\s*$"  # Gmail, where it knows no verb
    r"|^\s*\d{4}-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d\d:\d\d \S.{0,80}$",
    re.IGNORECASE,
)
_ATTRIBUTION_STARTS = re.compile(
    r"^\s*(?:on\s|am\s|le\s|el\s|il\s|em\s|op\s|den\s|w dniu\s|dne\s|på\s|vào\s|в\s|\d{1,4}[-/. ]"
    r"|(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|пн|вт|ср|чт|пт|сб|вс|понед|вторн|сред|четв|пятн|субб|воскр)[a-zéа-я]*[.,]?\s"
    r"|\S.*<[^<>\s]+@[^<>\s]+>|在|20\d\d年)",
    re.IGNORECASE,
)
_HAS_DATE_OR_ADDRESS = re.compile(r"\d{1,4}|@")
_SEPARATOR = re.compile(
    r"^[>\s]*(?:[-_*=–—]{2,}\s*)(?:original(?:\s+message)?|original appointment"
    r"|forwarded(?:\s+message)?|reply(?: message)?"
    r"|ursprüngliche nachricht|originalnachricht|weitergeleitete nachricht|message (?:d'origine|original|transféré)"
    r"|mensaje original|mensaje reenviado|mensagem original|messaggio originale|messaggio inoltrato"
    r"|oorspronkelijk bericht|doorgestuurd bericht|ursprungligt meddelande|originalmeddelande|opprinnelig melding"
    r"|wiadomość oryginalna|исходное сообщение|пересылаемое сообщение|原始邮件|邮件原件)\s*(?:[-_*=–—]{2,})?\s*$",
    re.IGNORECASE,
)
_BEGIN_FORWARD = re.compile(
    r"^\s*(?:begin forwarded message|anfang der weitergeleiteten (?:e-?mail|nachricht)"
    r"|début du message (?:transféré|réexpédié)|inicio del mensaje reenviado)\s*:?\s*$",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*[_-]{20,}\s*$")
_HEADER_LINE = re.compile(
    r"^[>\s]*\*?(?:from|sent|to|cc|date|subject|reply-to|von|gesendet|an|datum|betreff|de|envoyé|à|objet|date d'envoi"
    r"|enviado(?: el)?|para|asunto|fecha|da|inviato|a|oggetto|data|assunto|enviada em|van|verzonden|aan|onderwerp"
    r"|från|skickat|till|ämne|fra|sendt|til|emne|od|do|temat|wysłano|от|кому|тема|дата|отправлено|发件人|发送时间|收件人|主题)"
    r"\*?\s?[:：]\*?(?:\s|$)",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"^\s*(?:--|—|__)\s*$"
    r"|^\s*(?:sent (?:from|via|with|by) (?:my|outlook|mail|yahoo|gmail|samsung|proton|the|a|nine|spark)\b.{0,60}"
    r"|get outlook for .{0,40}|sent from .{0,30}(?:phone|pad|mobile|android|blackberry).{0,40}"
    r"|(?:von|gesendet von|gesendet mit|diese nachricht wurde von) (?:meinem|mein|der|outlook|unterwegs)\b.{0,60}"
    r"|envoyé (?:de|depuis|à partir de) .{0,60}|enviado (?:desde|do|a partir) .{0,60}|inviato (?:da|dal) .{0,60}"
    r"|verzonden (?:vanaf|met|vanuit) .{0,60}|skickat från .{0,60}|sendt fra .{0,60}|wysłane z .{0,60}"
    r"|отправлено (?:с|из) .{0,60})\s*$",
    re.IGNORECASE,
)
# No-break space; zero width characters; the dot by which a tracking extension marks its mails.
_INVISIBLE = {0xA0: " ", 0x200B: None, 0x200C: None, 0x200D: None, 0x2060: None, 0xFEFF: None, 0x1427: None}
_LONGEST_LINE = 5_000
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
        if not _QUOTED.match(lines[at]):
            kept.append(lines[at].rstrip())
        at += 1
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _attribution_length(lines: list[str], at: int) -> int:
    """How many lines from `at` on are an attribution, 0 when none is: programs fold it into up to four."""
    if not 5 < len(lines[at]) < 500 or _QUOTED.match(lines[at]) or not _ATTRIBUTION_STARTS.match(lines[at]):
        return 0
    joined = ""
    for length in range(1, 5):
        if at + length > len(lines):
            return 0
        line = lines[at + length - 1]
        if length > 1 and (not line.strip() or _QUOTED.match(line)):
            return 0
        joined = f"{joined} {line.strip()}".strip()
        if len(joined) > 500:
            return 0
        if _ATTRIBUTION.match(joined) and _HAS_DATE_OR_ADDRESS.search(joined):
            return length
    return 0


def _quote_starts(lines: list[str], at: int) -> bool:
    line = lines[at]
    if _SEPARATOR.match(line) or _BEGIN_FORWARD.match(line):
        return True
    if _RULE.match(line):
        following = _next_words(lines, at + 1)
        return following is not None and _header_block(lines, following)
    return _header_block(lines, at)


def _header_block(lines: list[str], at: int) -> bool:
    """Three header lines of a mail among the next five: Outlook's way to quote."""
    if not _HEADER_LINE.match(lines[at]):
        return False
    return sum(1 for line in lines[at : at + 6] if _HEADER_LINE.match(line)) >= 3


def _next_words(lines: list[str], at: int) -> int | None:
    for index in range(at, min(at + 6, len(lines))):
        if lines[index].strip():
            return index
    return None
