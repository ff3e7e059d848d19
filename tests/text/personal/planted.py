"""Sentences of our own in several languages with personal data of many countries planted in them, and look-alikes.

Every number is made up: random digits with the checksum that such numbers have.
"""

import random
import string
from importlib import import_module
from itertools import pairwise
from typing import NamedTuple

from stdnum import ean, iban, luhn

# kind → sentences around it, in several languages; {} is the place.
FRAMES = {
    "EMAIL": ["Please write to {}.", "Meine Adresse ist {}, danke!", "请发邮件到{}。", "Escríbame a {} mañana.", "<{}> wrote:", "Пишите на {}"],
    "URL": ["My page is {}.", "Siehe {} für mehr.", "详情见 {} 。", "Voir {} (en français).", "Mira {}, por favor."],
    "IP": ["The login came from {}.", "Der Server {} antwortet nicht.", "登录地址：{}", "Connexion depuis {} hier."],
    "MAC": ["The card has the address {}.", "Gerät {} ist offline.", "设备{}已下线", "Dispositivo {} conectado"],
    "PHONE": ["Call me at {} after six.", "Telefon: {}", "我的电话是{}，请联系。", "Mon numéro de téléphone est le {}.", "Llámame al {}.",
              "Mi trovi al telefono {}.", "Bel mij op {}.", "Ligue para {} amanhã.", "Телефон {}.", "電話番号は{}です。"],
    "IBAN": ["Please pay to {} by Friday.", "Bitte auf {} überweisen.", "请汇款至{}。", "Mon IBAN est {}.", "La cuenta es {}, gracias.", "Konto {} należy do mnie."],
    "CARD": ["Charge {} please.", "Meine Karte {} ist gesperrt.", "卡号{}已过期。", "Ma carte {} ne marche plus.", "La tarjeta {} fue rechazada.", "O cartão {} venceu."],
    "BIRTH_DATE": ["She was born on {} in Leeds.", "Date of birth: {}", "Geboren am {} in Kiel.", "Né le {} à Lyon.", "Fecha de nacimiento: {}",
                   "Nascida em {}.", "Nata il {} a Bari.", "Geboortedatum {}", "Дата рождения: {}", "出生日期：{}", "他{}出生。", "生年月日 {}"],
}  # fmt: skip
NAMES = ["ada", "j.doe", "maria-luisa", "li.wei88", "o_brien", "info+news", "x"]
HOSTS = [
    "example.com",
    "mail.example.co.uk",
    "beispiel.de",
    "exemple.fr",
    "ejemplo.com.br",
    "例子.中国",
    "sub.example.org",
]
# Numbers of ten and more countries, as they are written there: # is a digit.
PHONES = {
    "US": ["(212) 736-####", "+1 212 736 ####", "212-736-####", "650.253.####"], "GB": ["020 7946 0###", "+44 20 7946 0###", "07911 12####"],
    "DE": ["030 1234####", "+49 171 123####", "0171/123####", "(030) 123 4###"], "FR": ["06 12 34 5# ##", "+33 6 12 34 5# ##", "01.42.68.5#.##"],
    "ES": ["612 34 56 ##", "+34 912 34 5# ##", "612 345 ###"], "IT": ["347 123 4###", "+39 06 698 1####", "02 1234 5###"],
    "NL": ["06 1234 5###", "+31 20 123 4###", "020 123 4###"], "BR": ["(11) 91234-5###", "+55 21 99876-5###"],
    "CN": ["1381234####", "+86 138 1234 ####", "010-6552 9###", "138 1234 ####"], "IN": ["98765 4####", "+91 98765 4####", "09876 54####"],
    "JP": ["090-1234-####", "03-1234-5###", "+81 90-1234-5###"], "PL": ["+48 512 345 ###", "512 345 ###"], "RU": ["+7 (495) 123-4#-##", "8 (916) 123-4#-##"],
}  # fmt: skip
IDS = {
    "CN": ("cn.ric", ["1101051985|#1####@", "3101011988|#1####@", "4403051991|#2####@"], ["身份证号：{}", "我的身份证号码是{}，请核对。", "Her ID card says {}."]),
    "BR": ("br.cpf", ["###.###.###-##"], ["Meu CPF é {}.", "O número {} está errado.", "CPF: {}"]),
    "CL": ("cl.rut", ["##.###.###-#"], ["Mi RUT es {}.", "El señor {} vive aquí."]),
    "ES": ("es.dni", ["########?"], ["Mi DNI es {}.", "Con número {} y domicilio en Cádiz."]),
    "IT": ("it.codicefiscale", ["??????8#?##?###?"], ["Il codice fiscale è {}.", "Il sottoscritto {} chiede."]),
    "FR": ("fr.nir", ["1 8# 0# 7# ### ### ##", "28#0#7#########"], ["Mon numéro de sécurité sociale est {}.", "Assurée {} depuis 2010."]),
    "DE": ("de.idnr", ["## ### ### ###", "###########"], ["Meine Steuer-ID lautet {}.", "Steuerliche Identifikationsnummer: {}"]),
    "NL": ("nl.bsn", ["#########"], ["Mijn BSN is {}.", "Burgerservicenummer: {}"]),
    "PL": ("pl.pesel", ["8#0#1######"], ["Mój PESEL to {}.", "PESEL: {}"]),
    "SE": ("se.personnummer", ["8#0#1#-####", "198#0#1#-####"], ["Mitt personnummer är {}.", "Personen {} bor här."]),
    "BE": ("be.nn", ["8#.0#.1#-###.##"], ["Numéro national : {}.", "Rijksregisternummer {}"]),
    "CH": ("ch.ssn", ["756.####.####.##"], ["Meine AHV-Nummer ist {}.", "Versichert unter {}."]),
    "US": ("us.ssn", ["2##-4#-####"], ["My SSN is {}.", "The applicant, {}, lives in Ohio."]),
    "IN": ("in_.aadhaar", ["5### #### ####"], ["My Aadhaar number is {}.", "Please verify {}."]),
    "CA": ("ca.sin", ["5## ### ###"], ["My SIN is {}.", "Social insurance number: {}"]),
    "TR": ("tr.tckimlik", ["###########"], ["T.C. Kimlik No: {}"]),
    "FI": ("fi.hetu", ["1#0#8#-###?"], ["Henkilötunnus on {}.", "Asiakas {} soitti."]),
    "NO": ("no.fodselsnummer", ["1#0#8######"], ["Fødselsnummer {}."]),
    "JP": ("jp.in_", ["#### #### ####", "############"], ["マイナンバーは{}です。"]),
    "KR": ("kr.rrn", ["8#0#1#-1######"], ["주민등록번호 {}"]),
    "PT": ("pt.nif", ["2########"], ["O meu NIF é {}."]),
    "ZA": ("za.idnr", ["8#0#1#####08#"], ["My ID number is {}."]),
    "MX": ("mx.curp", ["????8#0#1#H??????##"[:18]], ["Mi CURP es {}."]),
    "RO": ("ro.cnp", ["18#0#1#12####"], ["CNP: {}"]),
    "GB": ("gb.nhs", ["### ### ####"], ["My NHS number is {}."]),
}  # fmt: skip
_IBAN_SHAPES = {
    "DE": "################## ", "GB": "????##############", "FR": "####################### ", "ES": "####################",
    "IT": "?######################", "NL": "????##########", "PT": "#####################", "BR": "#######################??"[:23] + "#?",
    "PL": "########################", "CH": "#################", "BE": "############", "SE": "####################", "TR": "######0###############",
}  # fmt: skip
CHECKSUMMED = ("IBAN", "CARD", "ID")


class Planted(NamedTuple):
    """A text, what is planted in it (None: a look-alike, which is nobody's), and where it comes from."""

    text: str
    kind: str | None
    item: str
    source: str


def texts(count, seed=7):
    """`count` texts, three of four with one item, the others with something that only looks like one."""
    chance = random.Random(seed)
    kinds = [*FRAMES, "ID", "ID"]
    for number in range(count):
        if number % 4 == 3:
            yield _look_alike(chance)
        else:
            yield _planted(chance, kinds[number % len(kinds)])


def _planted(chance, kind):
    if kind == "ID":
        country = chance.choice(list(IDS))
        module, shapes, frames = IDS[country]
        item = _id(chance, module, chance.choice(shapes))
    else:
        frames = FRAMES[kind]
        country, item = _MAKERS[kind](chance)
    return Planted(chance.choice(frames).replace("{}", item), kind, item, country)


def _look_alike(chance):
    """Numbers that lack the right checksum, and numbers of other things."""
    name, frame, item = chance.choice(
        [
            ("wrong card", chance.choice(FRAMES["CARD"]), _wrong(_grouped(_card(chance)), luhn.is_valid)),
            ("wrong iban", chance.choice(FRAMES["IBAN"]), _wrong(_iban(chance)[1], iban.is_valid)),
            ("wrong id", *_wrong_id(chance)),
            ("order", chance.choice(["Order {} has shipped.", "Bestellnummer {}", "订单号{}已发货。", "Commande n° {} expédiée."]), _digits(chance, chance.choice([8, 10, 11, 12, 14, 16]))),
            ("version", chance.choice(["Update to version {} now.", "v{} is out.", "版本{}"]), ".".join(str(chance.randrange(30)) for _ in range(chance.choice([2, 3, 4])))),
            ("date", chance.choice(["The meeting is on {}.", "Termin: {}.", "会议时间：{}", "Le {} à midi."]), chance.choice(["2024-05-1#", "1#.05.2024", "1#/05/2024", "2024/05/1#", "2024年5月1#日"]).replace("#", str(chance.randrange(10)))),
            ("isbn", chance.choice(["ISBN {}", "The book {} is out of print."]), _isbn(chance)),
            ("amount", chance.choice(["It costs {} EUR.", "${} were spent.", "总额{}元"]), f"{chance.randrange(1, 999)} {_digits(chance, 3)} {_digits(chance, 3)}"),
        ]
    )  # fmt: skip
    return Planted(frame.replace("{}", item), None, item, name)


def _wrong_id(chance):
    _, (module, shapes, frames) = chance.choice([pair for pair in IDS.items() if pair[0] != "US"])
    item = _id(chance, module, chance.choice(shapes))
    return chance.choice(frames), _wrong(item, import_module(f"stdnum.{module}").is_valid)


def _wrong(item, is_valid):
    """The item with another last digit, so that its checksum is wrong."""
    place = max(index for index, character in enumerate(item) if character.isdigit())
    others = (item[:place] + digit + item[place + 1 :] for digit in string.digits if digit != item[place])
    return next(other for other in others if not is_valid(other))


def _digits(chance, count):
    return "".join(chance.choice(string.digits) for _ in range(count))


def _filled(chance, shape):
    letters = {"#": string.digits, "?": string.ascii_uppercase, "@": "0123456789X", "|": "01"}
    return "".join(chance.choice(letters[character]) if character in letters else character for character in shape)


def _id(chance, module, shape):
    is_valid = import_module(f"stdnum.{module}").is_valid
    while True:
        item = _filled(chance, shape)
        if module == "it.codicefiscale":
            item = _tax_code(chance)
        elif module == "mx.curp":
            item = _curp(chance)
        if is_valid(item):
            return item


def _tax_code(chance):
    from stdnum.it import codicefiscale

    head = "".join(chance.choice("BCDFGLMNPRST") for _ in range(6))
    body = f"{head}{chance.randrange(40, 99)}{chance.choice('ABCDEHLMPRST')}{chance.randrange(1, 28):02}H{chance.randrange(100, 999)}"
    return body + codicefiscale.calc_check_digit(body)


def _curp(chance):
    from stdnum.mx import curp

    head = "".join(chance.choice("BCDFGLM") + chance.choice("AEIU") + chance.choice("BCDFGL") + chance.choice("BCDFGL"))
    body = f"{head}{chance.randrange(50, 99)}0{chance.randrange(1, 9)}1{chance.randrange(9)}HDF{''.join(chance.choice('BCDFGL') for _ in range(3))}0"
    return body + curp.calc_check_digit(body)


def _card(chance):
    prefix, length = chance.choice(
        [
            ("4", 16),
            ("52", 16),
            ("37", 15),
            ("6011", 16),
            ("2221", 16),
            ("622848", 19),
            ("621700", 19),
            ("3530", 16),
            ("36", 14),
        ]
    )
    body = prefix + _digits(chance, length - len(prefix) - 1)
    return body + luhn.calc_check_digit(body)


def _grouped(card, by=" "):
    groups = {15: (4, 6, 5), 14: (4, 6, 4)}.get(len(card), (4, 4, 4, 4, 3))
    places = [sum(groups[:number]) for number in range(len(groups) + 1)]
    return by.join(filter(None, (card[start:end] for start, end in pairwise(places))))


def _iban(chance):
    country = chance.choice(list(_IBAN_SHAPES))
    body = _filled(chance, _IBAN_SHAPES[country].strip())
    number = f"{country}{iban.calc_check_digits(f'{country}00{body}')}{body}"
    if not iban.is_valid(number, check_country=False):
        return _iban(chance)
    return country, chance.choice([number, iban.format(number), number.lower() if country == "DE" else number])


def _isbn(chance):
    body = "978" + _digits(chance, 9)
    return (
        chance.choice(["{}", "{0[0]}{0[1]}{0[2]}-{0[3]}"]).format(body + ean.calc_check_digit(body))
        if chance.random() < 0.5
        else "-".join([body[:3], body[3], body[4:7], body[7:12], ean.calc_check_digit(body)])
    )


def _birth_date(chance):
    year, month, day = chance.randrange(1930, 2010), chance.randrange(1, 13), chance.randrange(1, 29)
    names = ["March", "März", "mars", "marzo", "maart", "марта", "de março de"]
    written = [
        f"{year}-{month:02}-{day:02}", f"{day:02}.{month:02}.{year}", f"{day:02}/{month:02}/{year}", f"{month}/{day}/{year}",
        f"{year}年{month}月{day}日", f"{day} {names[chance.randrange(6)]} {year}", f"March {day}, {year}", f"{day}. März {year}", f"{day} de março de {year}",
    ]  # fmt: skip
    return "any", chance.choice(written)


def _phone(chance):
    country = chance.choice(list(PHONES))
    return country, _filled(chance, chance.choice(PHONES[country]))


_MAKERS = {
    "EMAIL": lambda chance: ("any", f"{chance.choice(NAMES)}@{chance.choice(HOSTS)}"),
    "URL": lambda chance: ("any", chance.choice(["https://{}/~ada?x=1&y=2#top", "http://www.{}", "www.{}/in/ada", "ftp://{}/a_b-c.txt"]).format(chance.choice(HOSTS[:5]))),
    "IP": lambda chance: ("any", chance.choice([".".join(str(chance.randrange(1, 255)) for _ in range(4)), f"2001:db8::{chance.randrange(1, 65535):x}:{chance.randrange(1, 65535):x}", "fe80::1ff:fe23:4567:890a"])),
    "MAC": lambda chance: ("any", chance.choice(":-").join(f"{chance.randrange(256):02x}" for _ in range(6))),
    "PHONE": _phone,
    "IBAN": _iban,
    "CARD": lambda chance: ("any", chance.choice([_grouped(card := _card(chance)), card, _grouped(card, "-")])),
    "BIRTH_DATE": _birth_date,
}  # fmt: skip
