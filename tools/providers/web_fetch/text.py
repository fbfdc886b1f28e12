"""Bytes of a page to text, by what the server, the page, or the bytes themselves say."""

import codecs
import re
from email.message import Message

_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_XML = re.compile(rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{1,40})")
_COMMENT = re.compile(rb"<!--.*?(?:-->|$)", re.DOTALL)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# Python's codecs hold more than the web's encodings (UTF-7, Punycode, IDNA …), and some are slow on purpose-made input.
_WEB = re.compile(
    r"utf-8|utf-16(-[lb]e)?|ascii|iso8859-\d{1,2}|cp(125\d|866|874|932|949|950)|koi8-[rtu]|mac-(roman|cyrillic)|"
    r"shift_jis|euc_(jp|kr)|iso2022_jp|gb2312|gbk|gb18030|big5|big5hkscs|johab|tis-620|utf-8-sig"
)
# What the Encoding Standard (§4.2) reads a label as, where Python reads it otherwise or not at all.
_READ_AS = {
    "iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "johab": "cp949",
    "big5": "big5hkscs", "cp950": "big5hkscs", "utf-16": "utf-16-le",
}  # fmt: skip
_LABELS = {
    "x-sjis": "cp932", "windows-31j": "cp932", "x-gbk": "gb18030", "x-euc-jp": "euc_jp", "x-x-big5": "big5hkscs",
    "ks_c_5601-1987": "cp949", "ks_c_5601-1989": "cp949", "windows-949": "cp949", "korean": "cp949",
    "unicode-1-1-utf-8": "utf-8", "x-unicode20utf8": "utf-8", "unicode11utf8": "utf-8", "dos-874": "cp874",
    "x-mac-roman": "mac-roman", "x-mac-cyrillic": "mac-cyrillic", "x-mac-ukrainian": "mac-cyrillic",
    "visual": "iso8859-8", "logical": "iso8859-8",
    **{f"x-cp{number}": f"cp{number}" for number in range(1250, 1259)},
}  # fmt: skip
_TEXT_TYPES = re.compile(r"text/[\w.+-]+|application/([\w.-]+\+)?(xml|json)|application/xhtml\+xml")


def is_text(content_type: str) -> bool:
    """An absent type counts as text: what it is shows in the bytes."""
    kind = content_type.partition(";")[0].strip().lower()
    return not kind or bool(_TEXT_TYPES.fullmatch(kind))


def decode(body: bytes, content_type: str) -> str:
    """Never raises: what does not fit becomes U+FFFD."""
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(encoding, "replace")
    head = body[:2_048]
    shown = _COMMENT.sub(b"", head) if b"<!--" in head else head  # a tag in a comment is none
    found = _META.search(shown) or _XML.match(shown)
    inside = found[1].decode("ascii", "replace") if found else ""
    for label, own in ((_charset(content_type), False), (inside, True)):
        if label and (encoding := _web_encoding(label)):
            # Who could read that tag as ASCII does not read UTF-16 (HTML standard §13.2.3.2).
            return body.decode("utf-8" if own and encoding.startswith("utf-16") else encoding, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start > len(body) - 4:  # cut within a character
            return body.decode("utf-8", "replace")
        return body.decode("cp1252", "replace")


def _charset(content_type: str) -> str:
    message = Message()
    message["content-type"] = content_type[:200].replace("\r", "").replace("\n", "")
    charset = message.get_param("charset")
    return charset.strip("\"' ") if isinstance(charset, str) else ""


def _web_encoding(label: str) -> str:
    label = label.strip().lower()
    if label in _LABELS:
        return _LABELS[label]
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""
    return _READ_AS.get(name, name) if _WEB.fullmatch(name) else ""
