"""What is done to a batch of records: one file per task.

- `registry` lists the tasks, `base` is their contract
- `generate`, `translate` (with `source_language`), `sentiment` (with `tally`), `embed` (with `ranking`), `attention`;
  `why` says of each what its tokens made of the result
- `summarize`: `summary` says what is wanted, `summarize_extractive` and `summarize_abstractive` make it
- `extract`: `extraction` says what is wanted; `extract_entities`, and `extract_fields` with `field_values`, find it;
  `span_tally` counts it, `relations.json` is a schema that is shipped; `extract_mask` masks and unmasks personal data,
  `extract_keyphrases` finds key phrases
- `words`, and `words_evaluation` that measures them
- `bias`, and `bias_swap` that puts others into the same text
- notices, once a run: `language_watch`, `window_notice`, `unknown_words`
"""
