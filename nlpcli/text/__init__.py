"""What a text is made of: its language, words, sentences, clauses; markup around prose. Knows no model.

- language: `detection`, `languages`
- parts: `words`, `sentences` (with `abbreviations`), `clauses`, `prose`, `main_content`, `edits` and
  `origins` (where a rewritten text comes from), `spans`, `grounding`
- what must survive a translation: `numbers`, `number_words`, `clocks`, `days`, `typography`
- what a text is about: `phrases`, `yake`
- what speaks of a tone: `tone`, `ratings`, `bare`
- `markup/`: documents with structure
- `personal/`: personal data, and the tokens that take its place
"""
