"""A text → what every head attends to, with measures and the check of the formula.

- `pipeline` runs the model; `capture` keeps what was asked for, `memory` works out its size before
- the check: `formula`, from the queries, keys and values of `projected`, with `scale` and `position_bias`
- what is told of a head: `measures`, `objective` (gradients), `token_labels`; `ablation` leaves heads out,
  `answers` says what the model answers, `comparison` sets two inspections side by side
"""
