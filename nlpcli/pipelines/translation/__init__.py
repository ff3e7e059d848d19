"""Sentences → sentences in another language, with tags and placeholders in their places.

- models: `translators` is their contract; `loading` picks `bergamot`, or one of the hub's `families` (`language_models`
  are asked in a prompt), or two in a row (`pivot`)
- before: `inline` and `protection` (tags, placeholders), `glossary`, `preparation` (`capitals`, `unknown_pieces`,
  `vocabulary`), `short_texts`
- after: `faithful` runs the checks and tries again: `checks`, `coverage`, `doubts`, `confidence`; `seams` joins
  clauses, `tag_transfer` puts tags where their words went
"""
