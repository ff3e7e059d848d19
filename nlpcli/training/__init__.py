"""How our own weights were made. Nothing that users run imports it.

`sentiment` is the recipe. Of the default model: `distillation` has its stages, `teacher` learns `sentiment_data` and
gives `answers`, also to `phrases`; `student` learns by `objective` and `likeness`, with `low_rank` adapters.
Of the larger ones: `larger`, over `upper_layers`. `calibration` follows, and `adapter_file` writes what ships.
"""
