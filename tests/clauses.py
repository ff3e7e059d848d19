"""Constructed sentences of any length: a name and an act a clause, so that a clause that a translation loses is seen."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple


class Act(NamedTuple):
    """The same act in two languages, and stems of which its translation has one: Portuguese, English."""

    english: str
    portuguese: str
    portuguese_stems: tuple[str, ...]
    english_stems: tuple[str, ...]


ACTS = (
    Act("bought a red bicycle", "comprou uma bicicleta vermelha", ("biciclet",), ("bicycle", "bike")),
    Act("painted the kitchen", "pintou a cozinha", ("cozinha",), ("kitchen",)),
    Act("fed the old horse", "alimentou o cavalo velho", ("cavalo",), ("horse",)),
    Act("repaired the broken window", "consertou a janela quebrada", ("janela", "vidro"), ("window",)),
    Act("wrote a long letter", "escreveu uma carta longa", ("carta",), ("letter",)),
    Act("lost the silver key", "perdeu a chave de prata", ("chave",), ("key", "wrench")),
    Act("sold the blue car", "vendeu o carro azul", ("carro", "automóvel"), ("car",)),
    Act("planted seven trees", "plantou sete árvores", ("árvor",), ("tree",)),
    Act("called the doctor", "chamou o médico", ("médic", "doutor"), ("doctor", "physician")),
    Act("closed the heavy door", "fechou a porta pesada", ("porta",), ("door",)),
    Act("found a gold ring", "encontrou um anel de ouro", ("anel",), ("ring",)),
    Act("cleaned the large table", "limpou a mesa grande", ("mesa",), ("table",)),
    Act("visited the new museum", "visitou o museu novo", ("museu",), ("museum",)),
    Act("cooked fish for dinner", "cozinhou peixe para o jantar", ("peixe",), ("fish",)),
    Act("opened a small shop", "abriu uma loja pequena", ("loja",), ("shop", "store")),
    Act("climbed the high mountain", "escalou a montanha alta", ("montanha",), ("mountain",)),
    Act("read an old newspaper", "leu um jornal antigo", ("jornal",), ("newspaper", "paper")),
    Act("crossed the wide river", "atravessou o rio largo", ("rio",), ("river",)),
    Act("built a stone wall", "construiu um muro de pedra", ("muro", "parede", "muralha"), ("wall",)),
    Act("drank cold water", "bebeu água fria", ("água",), ("water",)),
    Act("counted the money", "contou o dinheiro", ("dinheiro",), ("money",)),
    Act("played the guitar", "tocou violão", ("guitarra", "violão"), ("guitar",)),
    Act("washed the white shirt", "lavou a camisa branca", ("camis",), ("shirt",)),
    Act("fixed the garden fence", "arrumou a cerca do jardim", ("cerca", "vedação"), ("fence", "hedge")),
    Act("cut the dry bread", "cortou o pão seco", ("pão",), ("bread",)),
    Act("photographed the yellow bird", "fotografou o pássaro amarelo", ("pássaro", "ave"), ("bird",)),
    Act("carried the wooden box", "carregou a caixa de madeira", ("caixa", "caixote"), ("box", "crate")),
    Act("missed the morning train", "perdeu o trem da manhã", ("trem", "comboio"), ("train",)),
    Act("sent two packages", "enviou dois pacotes", ("pacote", "encomenda"), ("pack", "parcel")),
    Act("drew a map of the city", "desenhou um mapa da cidade", ("mapa",), ("map",)),
    Act("sang an old song", "cantou uma canção antiga", ("canção", "música", "cantiga"), ("song",)),
    Act("kissed the young queen", "beijou a jovem rainha", ("rainha",), ("queen",)),
)  # fmt: skip
# Names that either language writes alike.
NAMES = (
    "Renata", "Daniel", "Helena", "Bruno", "Laura", "Ivan", "Erika", "Victor", "Nina", "Igor", "Olga", "Martin",
    "Amanda", "Robert", "Petra", "Fabian", "Irene", "Oscar", "Julia", "Norbert", "Emma", "Samuel", "Diana", "Albert",
    "Teresa", "Walter", "Larissa", "Gabriel", "Sandra", "Leonardo", "Rita", "Edgar",
)  # fmt: skip
# What stands between two clauses, by the language; the last place has a word of its own.
JOINTS = {
    "en": ((", ", ", and "), ("; ", "; and "), (", and ", ", and "), (", then ", ", and "), (" and ", " and "),
           (", while ", ", while ")),
    "pt": ((", ", " e "), ("; ", "; e "), (", e ", ", e "), (", depois ", " e "), (" e ", " e "),
           (", enquanto ", ", enquanto ")),
}  # fmt: skip


class Clauses(NamedTuple):
    """A sentence, and for each of its clauses the name and the stems that a translation of it has."""

    text: str
    wanted: list[tuple[str, tuple[str, ...]]]

    def lost(self, translation: str) -> list[str]:
        """The names of the clauses of which the translation has no name or no stem."""
        low = translation.lower()
        return [
            name for name, stems in self.wanted if name not in translation or not any(stem in low for stem in stems)
        ]


def sentence(language: str, count: int, seed: int) -> Clauses:
    """A sentence of `count` clauses, other ones by the seed."""
    chance = random.Random(f"{language} {count} {seed}")
    between, last = JOINTS[language][seed % len(JOINTS[language])]
    names, acts = chance.sample(NAMES, count), chance.sample(ACTS, count)
    clauses = [
        f"{name} {act.english if language == 'en' else act.portuguese}" for name, act in zip(names, acts, strict=True)
    ]
    wanted = [
        (name, act.portuguese_stems if language == "en" else act.english_stems)
        for name, act in zip(names, acts, strict=True)
    ]
    return Clauses(between.join(clauses[:-1]) + last + clauses[-1] + ".", wanted)


def sentences_of_lengths(
    language: str, cost: Callable[[str], int], bins: range, each: int
) -> list[tuple[int, Clauses]]:
    """`each` sentences for each bin of token counts (`start` to `start` + step - 1), with its start."""
    room = dict.fromkeys(bins, each)
    found: list[tuple[int, Clauses]] = []
    for seed in range(10_000):
        for count in range(4, len(ACTS) + 1):
            made = sentence(language, count, seed)
            start = cost(made.text) // bins.step * bins.step
            if room.get(start, 0) and count % 3 == seed % 3:
                room[start] -= 1
                found.append((start, made))
        if not any(room.values()):
            break
    return sorted(found, key=lambda item: item[0])
