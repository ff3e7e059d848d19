"""What stands around a number says what it is; and a text in the digits, spaces and dashes of ASCII."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
# Marks between a word and what it says, which need no space behind them.
_MARKS = "\uff0c\uff1a\uff1b"
# Numbers of things, not of people; what has no checksum is not believed behind such a word.
_OF_THINGS = re.compile(
    r"(?:\b(?:order|invoice|ticket|tracking|parcel|shipment|reference|ref|part|serial|sku|item|article|model|version|batch"
    r"|case|ean|isbn|issn|doi|imei|vin|transaction|booking|customer|account|bestell\w*|rechnung\w*|auftrag\w*|artikel\w*"
    r"|kunden\w*|sendung\w*|commande|facture|référence|colis|pedido|factura|fatura|encomenda|referencia|ordine|fattura"
    r"|bestelling|factuur|zamówieni\w*|faktur\w*|заказ\w*|счет\w*|счёт\w*|артикул\w*|sipariş|fiş)"
    r"|订单|訂單|发票|發票|编号|編號|单号|單號|运单|快递|流水|注文|伝票|주문|송장)"
    r"[\s.:#]*(?:numbers?|numéro|número|numero|nummer|номер\w*|no|nr|n[°ºo]|id|code|号码|号|號|番号|번호)?[\s.:#№=-]*$",
    re.IGNORECASE,
)
_BEFORE, _BEHIND = 48, 24
BEGIN = r"(?<![0-9A-Za-z_])(?<![0-9][.,/+-])(?<![A-Za-z]-)"
"""In a pattern: no number or word goes on into what follows. Letters of other scripts need no space before a number."""
END = r"(?![0-9A-Za-z_])(?![.,/-][0-9])"
"""In a pattern: neither a number nor a word goes on here."""


def plain(text: str) -> str:
    """The text with digits, letters, spaces and dashes of other kinds as those of ASCII, each in its place."""
    return text if text.isascii() else text.translate(_table())


@cache
def _table() -> dict[int, str]:
    """One character for one character, so that offsets stay."""
    table = {ord(wide): chr(ord(wide) - 0xFEE0) for wide in map(chr, range(0xFF01, 0xFF5F)) if wide not in _MARKS}
    table |= {ord(space): " " for space in _SPACES} | {ord(dash): "-" for dash in _DASHES}
    decimals = (code for code in range(0x80, 0x20000) if unicodedata.category(chr(code)) == "Nd")
    return table | {code: str(unicodedata.digit(chr(code))) for code in decimals}


def stands_beside(text: str, start: int, end: int, cue: re.Pattern[str]) -> bool:
    """Whether a cue stands shortly before a stretch, or right behind it."""
    return bool(cue.search(text, max(0, start - _BEFORE), start) or cue.search(text, end, end + _BEHIND))


def numbers_a_thing(text: str, start: int) -> bool:
    """Whether what begins at `start` is said to number an order, an invoice and the like."""
    return _OF_THINGS.search(text[max(0, start - _BEFORE) : start]) is not None
