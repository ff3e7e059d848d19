"""Which model translates a pair of languages, where the user names none."""

from __future__ import annotations

from nlpcli.errors import ModelMissing
from nlpcli.models.catalog import catalog
from nlpcli.text.languages import name_of


def starter_pairs() -> dict[tuple[str, str], str]:
    """Source and target language → starter model."""
    names = [name for name, entry in catalog().models.items() if entry.task == "translate"]
    pairs = (tuple(name.removeprefix("starter/").split("-")) for name in names)
    return {(pair[0], pair[1]): name for pair, name in zip(pairs, names, strict=True)}


# To show and suggest pairs without the network; whether a pair is there, the catalogue alone says when it is fetched.
# Source: models/by-hash.json of github.com/mozilla/firefox-translations-models at 0285b9a4.
_BOTH_WAYS = (
    "ar az bg bn ca cs da de el es et fa fi fr gu he hi hr hu id is it ja kn ko lt lv ml ms nl pl pt ro ru sk sl sq sv"
    " ta te tr uk zh"
)
FIREFOX_LANGUAGES = tuple(_BOTH_WAYS.split())
FIREFOX_INTO_ENGLISH = ("be", "bs", "mt", "nb", "nn", "sr", "vi")


def model_for(source: str | None, target: str | None, default: str) -> str:
    """The starter model of a pair; None leaves a side open. `default` where both are open or nothing else is known.

    Raises:
        ModelMissing: no starter model translates the pair; says which command gets one that does.
    """
    pairs = starter_pairs()
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
        f"no starter model translates {name_of(from_)} into {name_of(target)} (there is {known}); use Firefox's models:"
        f" -m firefox:{from_}-{target}, or one of the hub: -m Helsinki-NLP/opus-mt-{from_}-{target}"
    )
