"""Name files so that the name can be printed, kept and turned back into the file. Path: **source** -> dataset.

A POSIX file name is any bytes; a sample's name goes into JSON, SQLite and HTML. Touches no disk.
"""

import re
import unicodedata

# What may stand in a name although Unicode calls it a format sign: joiners (emoji, Persian) and the tags of flags.
_KEPT_FORMATS = {0x200C, 0x200D, *range(0xE0020, 0xE0080)}
_ESCAPE = re.compile(r"\\(?:(\\)|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")


def printable(name: str) -> str:
    r"""Make a file name printable; `original` undoes it.

    A byte that is no UTF-8 becomes \xNN; a control or direction character, a line separator or a lone surrogate becomes
    \uNNNN; a backslash is doubled; everything else stays as it is.

    >>> print(printable("tulip 🌷.jpg"), printable("\udcff.jpg"), printable("two\nlines"))
    tulip 🌷.jpg \xff.jpg two\u000alines
    """
    if name.isprintable() and "\\" not in name:
        return name
    return "".join(map(_printable_sign, name))


def _printable_sign(sign: str) -> str:
    code = ord(sign)
    if sign == "\\":
        return "\\\\"
    if 0xDC80 <= code <= 0xDCFF:  # how Python carries a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code not in _KEPT_FORMATS and unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return sign


def original(name: str) -> str:
    r"""Undo `printable`.

    >>> original(printable("a\\b\udcff\n")) == "a\\b\udcff\n"
    True
    """
    return _ESCAPE.sub(_original_sign, name) if "\\" in name else name


def _original_sign(found: re.Match[str]) -> str:
    _, byte, short, long = found.groups()
    if byte is not None:
        return chr(0xDC00 + int(byte, 16))
    code = int(short or long or "5c", 16)  # 5c: the doubled backslash
    return chr(code) if code <= 0x10FFFF else found.group()


def label_of(folder_name: str) -> str:
    """Give the class that a folder's name stands for: printable and composed (NFC), so that é is é on every system."""
    return unicodedata.normalize("NFC", printable(folder_name))


def without_surrogates(text: str) -> str:
    r"""Give text that UTF-8 can hold: halves of a pair are joined, lone ones become U+FFFD.

    >>> without_surrogates("a\ud83c\udf37b\ud800") == "a🌷b\ufffd"
    True
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
