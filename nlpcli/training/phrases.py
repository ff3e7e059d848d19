"""More texts out of those at hand: parts of sentences, and sentences made of two halves.

A treebank's annotators rate every phrase of a sentence, so that a model sees what each turns on. Ours were rated as a
whole; what they do not say of their parts a teacher says (Tang et al. 2019, "Distilling Task-Specific Knowledge").
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from nlpcli.training.sentiment_data import Example, as_treebank

# Where a sentence can be cut so that both sides still read like one.
_SEAM = re.compile(r"(?<=\w)(?=\s*(?:[,;:]|--|\s(?:but|and|yet|though|although|because|while|which|that|with)\s))")
SHORTEST_PART = 2
LONGEST_PART = 12


@dataclass(frozen=True, slots=True)
class PhrasesRecipe:
    """The texts that the teacher rates for the student; they are made of those of one source."""

    seed: int = 0
    source: str = "movieReviewSnippets"
    rounds: int = 1
    parts_of_each: int = 1
    splices_of_each: float = 0.5
    treebank_share: float = 0.5


def phrases(examples: Sequence[Example], recipe: PhrasesRecipe) -> list[str]:
    """Parts and splices of the texts of one source, each once."""
    generator = random.Random(recipe.seed)
    texts = [example.text for example in examples if example.source == recipe.source]
    made = [phrase for _ in range(recipe.rounds) for phrase in _round(texts, recipe, generator)]
    return list(dict.fromkeys(made))


def _round(texts: Sequence[str], recipe: PhrasesRecipe, generator: random.Random) -> list[str]:
    some = generator.sample(texts, round(recipe.splices_of_each * len(texts)))
    made = [*splices(some, generator), *parts(texts, recipe.parts_of_each, generator)]
    return _spelled(made, recipe, generator)


def spellings(texts: Sequence[str], recipe: PhrasesRecipe) -> list[str]:
    """The texts themselves, some as written and some as the treebank writes them."""
    return _spelled(texts, recipe, random.Random(recipe.seed))


def _spelled(texts: Sequence[str], recipe: PhrasesRecipe, generator: random.Random) -> list[str]:
    return [as_treebank(text) if generator.random() < recipe.treebank_share else text for text in texts]


def part(text: str, generator: random.Random) -> str:
    """Some words of the text that follow one another: `SHORTEST_PART` to `LONGEST_PART` of them, where it has more."""
    words = text.split()
    length = min(len(words), generator.randint(SHORTEST_PART, LONGEST_PART))
    start = generator.randint(0, len(words) - length)
    return " ".join(words[start : start + length])


def halves(text: str, generator: random.Random) -> tuple[str, str]:
    """The text in front of one of its seams and what follows, or cut anywhere between two words where it has none."""
    seams = [match.start() for match in _SEAM.finditer(text)]
    if seams:
        seam = generator.choice(seams)
        return text[:seam], text[seam:]
    words = text.split()
    middle = generator.randint(1, max(1, len(words) - 1))
    return " ".join(words[:middle]), " " + " ".join(words[middle:])


def splices(texts: Sequence[str], generator: random.Random) -> list[str]:
    """The first half of each text with the second half of another."""
    cut = [halves(text, generator) for text in texts]
    others = generator.sample(cut, len(cut))
    return [(first + second).strip() for (first, _), (_, second) in zip(cut, others, strict=True)]


def parts(texts: Sequence[str], each: int, generator: random.Random) -> list[str]:
    """`each` parts of every text."""
    return [part(text, generator) for text in texts for _ in range(each)]
