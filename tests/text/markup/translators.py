"""Stand-ins for a model: what they write is told by a function of a text, so that structure can be judged alone."""

from nlpcli.pipelines.translation.faithful import FaithfulTranslator, Work
from nlpcli.pipelines.translation.inline import Link, Sentence, sentences_of, with_stand_ins
from nlpcli.pipelines.translation.translators import Translation
from nlpcli.text.clauses import whole
from nlpcli.text.markup import parse


def always(text):
    return True


def no_terms(text):
    return [(text, None)]


class KnowsAll:
    """A vocabulary with every character and no whole word."""

    def lacks(self, text):
        return set()

    def has_word(self, word):
        return False


class FunctionTranslator:
    """A model that is a function of a text."""

    vocabulary = KnowsAll()

    def __init__(self, function, links):
        self._function, self._links, self.target = function, links, "pt"

    def wider(self):
        return self

    def translate_scored(self, texts, source):
        return self.translate([text.removesuffix(".") for text in texts], source, True)

    def translate(self, texts, source, linked):
        targets = [self._function(text) for text in texts]
        return [
            Translation(target, links=self._links(text, target)) for text, target in zip(texts, targets, strict=True)
        ]


def translated(text, markup, translate, language="pt", links=lambda source, target: ()):
    """The document with every sentence as `translate` has it; `links`: what came from where."""
    document = parse(text, markup)
    faithful = FaithfulTranslator(FunctionTranslator(translate, links))
    translations = []
    for segment in document.segments:
        nodes = []
        prose = with_stand_ins(segment.nodes, no_terms, 0)
        for part in sentences_of(prose, whole(prose.text, "en", always)):
            nodes += faithful([Work(part, "en")])[0].nodes if isinstance(part, Sentence) else [part]
        translations.append(nodes)
    return document.write(translations, language)


def prose_of(text, markup):
    """The texts that a model would see."""
    seen = []
    translated(text, markup, lambda sentence: seen.append(sentence) or sentence)
    return list(dict.fromkeys(seen))


def word_links(source, target):
    """Each word of the target with the word at its place in the source."""

    def places(text):
        found, end = [], 0
        for word in text.split():
            start = text.index(word, end)
            end = start + len(word)
            found.append((start, end))
        return found

    return [Link(*t, *s) for t, s in zip(places(target), places(source), strict=False)]
