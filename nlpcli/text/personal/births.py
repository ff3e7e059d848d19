"""Dates of birth: a date beside a word that says so, in many languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORDS = r"""
    \b(?:date\ of\ birth|birth\ ?date|birth\ ?day|d\.?\ ?o\.?\ ?b\.?|born|née?)\b
  | \b(?:geboren|geburtsdatum|geburtstag|geb\.)
  | \b(?:date\ de\ naissance|née?s?\ (?:\(e\)\ )?le|né\(e\)|naissance|anniversaire)
  | \b(?:fecha\ de\ nacimiento|nacimiento|nacid[oa]s?|nació|naci|cumpleaños|f\.\ ?nac\.)
  | \b(?:data\ de\ nascimento|nascimento|nascid[oa]s?|nasceu|nasci|aniversário|d\.?\ ?n\.)
  | \b(?:data\ di\ nascita|nascita|nat[oa]\ (?:il|l'|a\b)|nat[oa]|compleanno)
  | \b(?:geboortedatum|geboren\ op|verjaardag|födelsedatum|född|fødselsdato|fødselsdag|født|syntymäaika|syntynyt)
  | \b(?:data\ urodzenia|urodzon[ya]|urodził[a]?|ur\.|datum\ narození|narozen[aá]?|nar\.
     |dátum\ narodenia|született|születési)
  | \b(?:doğum\ tarihi|doğum\ günü|doğumlu|data\ nașterii|născut[ăa]?|datum\ rođenja|rođen[a]?|rojen[a]?)
  | (?:дата\ рождения|день\ рождения|родил(?:ся|ась)|рожд[её]н[а]?
     |г\.\ ?р\.|д\.\ ?р\.|дата\ народження|народи(?:вся|лась|лася)|роден[а]?)
  | (?:ημερομηνία\ γέννησης|γεννήθηκε|γεννημέν[οη]ς?
     |תאריך\ לידה|נולד[ה]?|تاريخ\ الميلاد|تاريخ\ الولادة|مواليد|ولدت?|ولد\ في|जन्म)
  | (?:出生日期|出生年月日?|出生|生日|生于|生於|诞生|誕生日?|生年月日|生まれ|生辰|생년월일|생일|출생|태어)
  | \b(?:tanggal\ lahir|lahir|ngày\ sinh|sinh\ ngày|วันเกิด|เกิดวันที่|เกิดเมื่อ)
"""
_DAY, _MONTH, _YEAR = r"(?:3[01]|[12]\d|0?[1-9])", r"(?:1[0-2]|0?[1-9])", r"(?:1[89]|20)\d\d"
# The name of a month is any word here: beside a birth it is hardly anything else.
_NAME = r"[^\W\d_\u3040-\u30ff\u3400-\u9fff]{3,14}\.?"
_DATE = rf"""
    (?<!\d)(?:
      {_YEAR}[-./]{_MONTH}[-./]{_DAY} | {_YEAR}\ ?年\ ?{_MONTH}\ ?月(?:\ ?{_DAY}\ ?[日号號]?)?
    | {_YEAR}\ ?년\ ?{_MONTH}\ ?월(?:\ ?{_DAY}\ ?일)?
    | {_DAY}[./-]\ ?{_MONTH}[./-]\ ?(?:{_YEAR}|\d\d) | {_MONTH}[./-]{_DAY}[./-](?:{_YEAR}|\d\d)
    | {_DAY}\ {_MONTH}\ {_YEAR} | {_YEAR}{_MONTH}{_DAY}
    | {_DAY}(?:st|nd|rd|th|er|\.?º|\.|-?го|e)?\ (?:de\ |of\ |d'|di\ |do\ )?
      {_NAME}(?:\ |,\ |\ de\ |\ del\ |\ do\ |\ of\ ){_YEAR}
    | {_DAY}-{_NAME}-(?:{_YEAR}|\d\d)
    )(?!\d)
  | (?<![0-9A-Za-z_]){_NAME}\ {_DAY}(?:st|nd|rd|th)?,?\ {_YEAR}(?!\d)
"""
_BIRTH = re.compile(
    rf"""
    (?P<cue>{_WORDS})
    (?:[^\d\n。.!?;；<>]|\.(?=\ ?[a-z:(]))  {{0,28}}?
    (?P<date>{_DATE})
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DATE_FIRST = re.compile(
    rf"(?P<date>{_DATE})(?:\s?[-,;:(（，/]?\s?(?:is|was|ist|war|est|es|é|è|to|это|是|为|に|에|年)?\s?(?:my|his|her|their|the|sein|ihr|mein|mon|sa|son|mi|su)?\s?)(?P<cue>{_WORDS}|生(?=[，,。；、\s]|$))",
    re.VERBOSE | re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")


def births(text: str) -> Iterator[tuple[int, int]]:
    """Dates of birth, in order; not the word beside them."""
    if not _DIGIT.search(text):
        return
    spans = {match.span("date") for pattern in (_BIRTH, _DATE_FIRST) for match in pattern.finditer(text)}
    yield from sorted(spans)
