"""Addresses of the network: e-mail, URL, IP, MAC. Each function gives the stretches of a `plain` text, in order."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

_LATIN = r"0-9A-Za-z\u00c0-\u024f\u0370-\u052f"
_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_HOST = (
    rf"(?:[{_LATIN}](?:[{_LATIN}-]{{0,61}}[{_LATIN}])?\.)+(?:xn--[0-9A-Za-z-]{{2,59}}|[A-Za-z]{{2,24}}|[\u00c0-\u052f]{{2,24}})"
    rf"|(?:[{_CJK}\w-]{{1,63}}\.)+[{_CJK}]{{2,10}}"
)
_AT = r"(?:@|\s?[\[({]\s?(?:at|@|arroba|ät)\s?[\])}]\s?)"
_DOT = r"(?:\.|\s?[\[({]\s?(?:dot|\.|punkt|punto|ponto)\s?[\])}]\s?)"
# Chinese letters stand right before an address without being part of it, unless it has no others.
_EMAIL = re.compile(
    rf"""
    (?<![{_LATIN}.!\#$%'*+_~-])
    (?: "[^"\s@]{{1,64}}" | [{_LATIN}!\#$%'*+_~-]{{1,64}}(?:\.[{_LATIN}!\#$%'*+_~-]{{1,64}}){{0,10}}
      | [{_CJK}]{{1,20}} )
    (?: @(?:{_HOST}|\[[0-9A-Fa-f:.]{{3,45}}\])
      | {_AT}[0-9A-Za-z-]{{1,63}}(?:{_DOT}[0-9A-Za-z-]{{1,63}}){{0,4}}{_DOT}[A-Za-z]{{2,24}}
    )
    (?![0-9A-Za-z_])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_QUOTES_OF_MARKUP = "'*_~!#$%"
_TOP = (
    "com|org|net|edu|gov|info|biz|io|app|dev|me|co|ai|de|fr|es|it|nl|pt|br|uk|ie|ch|at|be|pl|se|no|dk|fi|cz|gr|ru|ua|tr"
    "|cn|jp|kr|tw|hk|sg|in|au|nz|ca|mx|ar|cl|us|eu"
)
_END_OF_URL = r"""[^\s<>"'`“”‘’«»（）()\[\]{}，。；：！？、」』】.,;:!?*]"""
_IN_URL = r"""[^\s<>"`“”«»（），。；：！？、」』】\[\]{}()]"""
_URL = re.compile(
    rf"""
    (?<![0-9A-Za-z_@.-])
    (?: (?:https?|ftps?|sftp|ssh|git|wss?|ldaps?|file)://(?:\[[0-9A-Fa-f:.]+\])? | www\.(?=[\w-]+\.)
      | (?:[0-9A-Za-z-]{{1,63}}\.){{1,5}}(?:{_TOP})(?::\d{{2,5}})?/(?=[\w@~]) )
    (?: {_IN_URL} | \({_IN_URL}*\) )*
    (?: {_END_OF_URL} | \({_IN_URL}*\) )
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Names of vocabularies: no one's address, and what markup cannot be read without.
_NAMESPACE = re.compile(
    r"xmlns(?::[\w.-]+)?\s*=\s*[\"']\Z|https?://(?:www\.w3\.org|schemas\.[\w.]+|purl\.org)/", re.IGNORECASE
)
_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = re.compile(rf"(?<![0-9A-Za-z_.-])(?:{_BYTE}\.){{3}}{_BYTE}(?![0-9A-Za-z_]|\.\d|-\d)")
_NO_IPV4 = re.compile(
    r"(?:\b(?:v|ver|version|release|firmware|build|rev|revision|section|sec|chapter|clause|article|paragraph|update|patch"
    r"|versão|versión|versione|version|kapitel|abschnitt|chapitre|capítulo|capitolo|rozdział|версия|версии|глава|пункт|sürüm)\b"
    r"\.?|§|版本|版|章|节|第|バージョン|버전)[\s:=]*(?:no\.?|nr\.?)?\s*$",
    re.IGNORECASE,
)
_IPV6 = re.compile(
    r"(?<![0-9A-Za-z_.])(?<![0-9A-Fa-f:]:)(?=[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45}(?<![.])(?![0-9A-Za-z_:])"
)
_GROUPS_OF_A_SURE_ONE = 4
_MAC = re.compile(
    r"(?<![0-9A-Za-z_.-])(?<![0-9A-Fa-f:]:)(?:[0-9A-Fa-f]{2}(?P<sign>[:-])(?:[0-9A-Fa-f]{2}(?P=sign)){4}(?:[0-9A-Fa-f]{2}(?P=sign)){0,2}"
    r"[0-9A-Fa-f]{2}|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![0-9A-Za-z_]|[:.-][0-9A-Fa-f])"
)


def emails(text: str) -> Iterator[tuple[int, int]]:
    """Addresses, also with `[at]` and `[dot]`."""
    if "@" not in text and not re.search(r"[\[({]\s?(?:at|arroba|ät)\s?[\])}]", text, re.IGNORECASE):
        return
    for match in _EMAIL.finditer(text):
        start, end = match.span()
        while text[start] in _QUOTES_OF_MARKUP and text[start + 1] not in "@":
            start += 1
        yield start, end


def urls(text: str) -> Iterator[tuple[int, int]]:
    """URLs, and hosts with a path; names of vocabularies are none."""
    if "/" not in text and "www." not in text.lower():
        return
    for match in _URL.finditer(text):
        if not _NAMESPACE.search(text[max(0, match.start() - 40) : match.start()]) and not _NAMESPACE.match(match[0]):
            yield match.span()


def ips(text: str) -> Iterator[tuple[int, int]]:
    """Addresses of both versions; four numbers that count versions or chapters are none."""
    for match in _IPV4.finditer(text) if text.count(".") > 2 else ():
        if not _NO_IPV4.search(text[max(0, match.start() - 24) : match.start()]):
            yield match.span()
    for match in _IPV6.finditer(text) if ":" in text else ():
        candidate = match[0]
        start, end = match.span()
        if candidate.endswith(":") and not candidate.endswith("::"):
            candidate, end = candidate[:-1], end - 1
        if _is_ipv6(candidate):
            yield start, end


def _is_ipv6(candidate: str) -> bool:
    groups = [group for group in re.split("[:.]", candidate) if group]
    # `ab::cd` is a name in a program, and `::` a sign of it.
    if not any(map(str.isdigit, candidate)) and len(groups) < _GROUPS_OF_A_SURE_ONE:
        return False
    try:
        ipaddress.IPv6Address(candidate)
    except ValueError:
        return False
    return len(groups) > 1 or candidate == "::1"


def macs(text: str) -> Iterator[tuple[int, int]]:
    """Hardware addresses of 48 and 64 bits."""
    return (match.span() for match in _MAC.finditer(text))
