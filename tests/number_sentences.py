"""Sentences with numbers of every kind, made from a seed: English ones and Portuguese ones, and the digits of a text."""

import random
import re
from collections import Counter

# A text's digits by run; separators, spaces and hyphens are between runs.
_RUN = re.compile(r"\d+")


def grouped(number, separator):
    return f"{number:,}".replace(",", separator)


def english(random_):
    """One sentence."""
    r = random_
    price = f"{grouped(r.randint(1, 9) * 10 ** r.randint(1, 4) + r.randint(0, 99), ',')}.{r.randint(0, 99):02}"
    big = grouped(r.randint(10_000, 99_999_999), ",")
    decimal = f"{r.randint(0, 99)}.{r.randint(1, 999)}"
    name = r.choice(["Anna", "Mr. Brown", "The company", "Our team", "The museum", "Lisbon", "The new bridge"])
    templates = [
        f"The monthly fee is {r.choice('$€£')}{price}, payable in advance.",
        f"{name} paid {r.choice(['$', '€', '£', 'R$', 'US$'])}{price} for {r.randint(2, 99)} tickets.",
        f"The invoice of {r.choice('$€£')}{price} was sent on {r.randint(13, 28)}/{r.randint(1, 12):02}/2024.",
        (
            f"The meeting on {r.choice(['May', 'July', 'March'])} {r.randint(1, 28)}, {r.randint(1900, 2030)} starts at"
            f" {r.randint(1, 11)}:{r.randint(10, 59)} {r.choice(['am', 'pm'])}."
        ),
        f"About {decimal}% of the {big} voters stayed at home.",
        (
            f"The population of the city grew from {big} to {grouped(r.randint(10_000, 99_999_999), ',')} in"
            f" {r.randint(2, 40)} years."
        ),
        f"{name} was founded in {r.randint(1500, 2020)} and has {grouped(r.randint(1000, 9999), ',')} employees.",
        f"Please quote the code {r.choice('ABKZ')}-{r.randint(1000, 9999)} when you call.",
        f"The book has the ISBN 978-{r.randint(0, 9)}-{r.randint(10, 99)}-{r.randint(100000, 999999)}-{r.randint(0, 9)}.",
        f"Call us at +1 ({r.randint(200, 999)}) {r.randint(200, 999)}-{r.randint(1000, 9999)} before {r.randint(1, 11)} pm.",
        f"Version {r.randint(1, 9)}.{r.randint(0, 30)}.{r.randint(0, 20)} fixes {r.randint(2, 300)} errors.",
        f"The home team won {r.randint(3, 5)}–{r.randint(0, 2)} in front of {big} people.",
        f"The parcel weighs {decimal} kg and is {decimal} m long.",
        f"The server at {r.randint(1, 223)}.{r.randint(0, 255)}.{r.randint(0, 255)}.{r.randint(1, 254)} is down.",
        f"Read pages {r.randint(10, 99)}–{r.randint(100, 400)} of chapter {r.randint(1, 30)}.",
        f"The temperature fell to -{r.randint(1, 30)}.{r.randint(1, 9)} °C in the night of the {r.randint(2, 28)}th.",
        (
            f"Mix {r.randint(100, 900)} g of flour with {r.randint(2, 9)} eggs and bake at {r.randint(150, 250)} °C for"
            f" {r.randint(20, 90)} minutes."
        ),
        f"The company earned {r.choice('$€')}{r.randint(1, 900)}.{r.randint(1, 9)} million in {r.randint(1990, 2024)}.",
        f"Flight TP{r.randint(100, 999)} leaves at {r.randint(13, 23)}:{r.randint(10, 59)} from gate {r.randint(1, 60)}.",
        f"In {r.randint(2, 9)} of {r.randint(10, 99)} cases the error was less than 0.{r.randint(1, 99):02}.",
    ]
    return r.choice(templates)


def portuguese(random_):
    """One sentence."""
    r = random_
    price = f"{grouped(r.randint(1, 9) * 10 ** r.randint(1, 4) + r.randint(0, 99), '.')},{r.randint(0, 99):02}"
    big = grouped(r.randint(10_000, 99_999_999), ".")
    decimal = f"{r.randint(0, 99)},{r.randint(1, 999)}"
    name = r.choice(["A Ana", "O senhor Silva", "A empresa", "A nossa equipa", "O museu", "Lisboa", "A nova ponte"])
    templates = [
        f"A mensalidade é de {price} €, paga com antecedência.",
        f"{name} pagou {r.choice(['R$', 'US$', '€'])} {price} por {r.randint(2, 99)} bilhetes.",
        f"A fatura de R$ {price} foi enviada em {r.randint(13, 28)}/{r.randint(1, 12):02}/2024.",
        (
            f"A reunião de {r.randint(2, 28)} de {r.choice(['maio', 'julho', 'março'])} de {r.randint(1900, 2030)} começa às"
            f" {r.randint(8, 23)}h{r.randint(10, 59)}."
        ),
        f"Cerca de {decimal}% dos {big} eleitores ficaram em casa.",
        (
            f"A população da cidade cresceu de {big} para {grouped(r.randint(10_000, 99_999_999), '.')} em"
            f" {r.randint(2, 40)} anos."
        ),
        f"{name} foi fundada em {r.randint(1500, 2020)} e tem {grouped(r.randint(1000, 9999), '.')} empregados.",
        f"Indique o código {r.choice('ABKZ')}-{r.randint(1000, 9999)} quando ligar.",
        f"O livro tem o ISBN 978-{r.randint(0, 9)}-{r.randint(10, 99)}-{r.randint(100000, 999999)}-{r.randint(0, 9)}.",
        f"Ligue para ({r.randint(11, 99)}) 9{r.randint(1000, 9999)}-{r.randint(1000, 9999)} antes das {r.randint(8, 20)}h.",
        f"A versão {r.randint(1, 9)}.{r.randint(0, 30)}.{r.randint(0, 20)} corrige {r.randint(2, 300)} erros.",
        f"A equipa da casa venceu por {r.randint(3, 5)}–{r.randint(0, 2)} diante de {big} pessoas.",
        f"A encomenda pesa {decimal} kg e tem {decimal} m de comprimento.",
        f"O servidor {r.randint(1, 223)}.{r.randint(0, 255)}.{r.randint(0, 255)}.{r.randint(1, 254)} não responde.",
        f"Leia as páginas {r.randint(10, 99)}–{r.randint(100, 400)} do capítulo {r.randint(1, 30)}.",
        f"A temperatura desceu para -{r.randint(1, 30)},{r.randint(1, 9)} °C na noite do dia {r.randint(2, 28)}.",
        (
            f"Misture {r.randint(100, 900)} g de farinha com {r.randint(2, 9)} ovos e asse a {r.randint(150, 250)} °C durante"
            f" {r.randint(20, 90)} minutos."
        ),
        f"A empresa ganhou US$ {r.randint(1, 900)},{r.randint(1, 9)} milhões em {r.randint(1990, 2024)}.",
        f"O voo TP{r.randint(100, 999)} sai às {r.randint(13, 23)}:{r.randint(10, 59)} da porta {r.randint(1, 60)}.",
        f"Moro no {r.randint(2, 20)}.º andar do prédio {r.randint(1, 400)}, apartamento {r.randint(1, 99)}.",
    ]
    return r.choice(templates)


def sentences(pair, count, seed=1):
    """So many sentences in the source language of `en-pt` or `pt-en`, none twice."""
    random_ = random.Random(seed)
    make = english if pair.startswith("en") else portuguese
    found = {}
    while len(found) < count:
        found[make(random_)] = None
    return list(found)


def digits(text):
    """All digits of a text, run by run, sorted, zeros in front left out."""
    return sorted(run.lstrip("0") or "0" for run in _RUN.findall(text))


def same(text, translation):
    """Whether both have the same digits, but for the half of a day: 3 pm is 15:00, 15h26 is 3:26 p.m."""
    given, found = Counter(digits(text)), Counter(digits(translation))
    lost, new = sorted((given - found).elements()), sorted((found - given).elements())
    lost, new = [n for n in lost if n != "0"], [n for n in new if n != "0"]
    return len(lost) == len(new) <= 1 and all((int(a) - int(b)) % 12 == 0 for a, b in zip(lost, new, strict=True))
