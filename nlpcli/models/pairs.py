"""Which model translates a pair of languages, where the user names none."""

from __future__ import annotations

from nlpcli.errors import ModelMissing
from nlpcli.models.catalog import catalog
from nlpcli.text.languages import name_of

# A language is told surely from this probability on.
_SURE = 0.8


def starter_pairs() -> dict[tuple[str, str], str]:
    """Source and target language → starter model."""
    names = [name for name, entry in catalog().models.items() if entry.task == "translate"]
    pairs = (tuple(name.removeprefix("starter/").split("-")) for name in names)
    return {(pair[0], pair[1]): name for pair, name in zip(pairs, names, strict=True)}


def pairs_at_hand() -> dict[tuple[str, str], str]:
    """Source and target language → model: the starter models, and those of Firefox that were fetched before."""
    from nlpcli.models.sources.firefox import PREFIX, FirefoxSource

    names = [model.name for model in FirefoxSource().cached()]
    pairs = {tuple(name.removeprefix(PREFIX).split("-", 1)): name for name in names}
    return {(pair[0], pair[1]): name for pair, name in pairs.items()} | starter_pairs()


# To show and suggest pairs without the network; whether a pair is there, the catalogue alone says when it is fetched.
# Source: models/by-hash.json of github.com/mozilla/firefox-translations-models at 0285b9a4.
_BOTH_WAYS = (
    "ar az bg bn ca cs da de el es et fa fi fr gu he hi hr hu id is it ja kn ko lt lv ml ms nl pl pt ro ru sk sl sq sv"
    " ta te tr uk zh"
)
FIREFOX_LANGUAGES = tuple(_BOTH_WAYS.split())
FIREFOX_INTO_ENGLISH = ("be", "bs", "mt", "nb", "nn", "sr", "vi")


def sources_into(target: str | None) -> list[str]:
    """The languages that models at hand translate into `target` (None: into any), those of starter models first."""
    pairs = [*starter_pairs(), *pairs_at_hand()]
    return list(dict.fromkeys(source for source, into in pairs if target in (None, into)))


def likely_source(text: str, target: str | None) -> str | None:
    """The language of `text`, among those that models at hand translate from; None: it makes no difference, or it is
    surely another."""
    known = sources_into(target)
    if len(known) < 2 or not text:
        return None
    from nlpcli.text.detection import among, is_sure, probabilities

    likely = probabilities(text)
    first = next(iter(likely))
    if first not in known and is_sure(text, first, likely, _SURE):
        return None
    return among(likely, known).code


def model_for(source: str | None, target: str | None, default: str) -> str:
    """The model at hand for a pair; None leaves a side open. `default` where both are open or nothing else is known.

    Raises:
        ModelMissing: no model at hand translates the pair; says which command gets one that does.
    """
    pairs = pairs_at_hand()
    fitting = [name for pair, name in pairs.items() if source in (None, pair[0]) and target in (None, pair[1])]
    if default in fitting or not (source or target):
        return default
    if fitting:
        return fitting[0]
    if target is None:
        # What was detected and not asked for is no reason to refuse; the task warns.
        return default
    known = ", ".join(f"{first} → {second}" for first, second in pairs)
    from_ = source or "en"
    raise ModelMissing(
        f"no model at hand translates {name_of(from_)} into {name_of(target)} (there is {known}); use Firefox's models:"
        f" -m firefox:{from_}-{target}, or one of the hub: -m Helsinki-NLP/opus-mt-{from_}-{target}"
    )
