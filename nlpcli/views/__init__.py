"""Pictures: on the terminal, and in files.

A module per kind of result: `completions`, `translations`, `summaries`, `labels`, `spans` (with `span_files` and
`span_page`), `keyphrases`, `masked`, `vectors`, `words`, `bias`, `intervals`, `scatter` (a map); what they share:
`bars`, `by_width`, `pictures` (PNG and SVG). `attention/` draws attention-inspect.
"""
