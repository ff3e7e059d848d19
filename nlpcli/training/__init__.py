"""How our own weights were made. Nothing that users run imports it.

`sentiment` is the recipe, `distillation` its stages: `teacher` (from `teacher_weights`) learns `sentiment_data` and
gives `answers`, also to `phrases`; `student` learns by `objective` and `likeness`, with `low_rank` adapters.
`calibration` follows, and `adapter_file` writes what ships.
"""
