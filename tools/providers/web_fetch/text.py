"""Bytes of a page to text, by what the server, the page, or the bytes themselves say."""

import codecs
import re
from email.message import Message

_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# Python's codecs hold more than the web's encodings (UTF-7, Punycode, IDNA …), and some are slow on purpose-made input.
_WEB = re.compile(
    r"utf-8|utf-16(-[lb]e)?|ascii|iso8859-\d{1,2}|cp(125\d|866|874|932|949|950)|koi8-[rtu]|mac-(roman|cyrillic)|"
    r"shift_jis|euc_(jp|kr)|iso2022_jp|gb2312|gbk|gb18030|big5|big5hkscs|johab|tis-620|utf-8-sig"
)
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
    meta = _META.search(body[:2_048])
    for label in (_charset(content_type), meta[1].decode("ascii", "replace") if meta else ""):
        if label and (encoding := _web_encoding(label)):
            return body.decode(encoding, "replace")
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
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""
    if not _WEB.fullmatch(name):
        return ""
    return "cp1252" if name in ("iso8859-1", "ascii") else name  # as browsers do
