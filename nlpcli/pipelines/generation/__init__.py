"""Prompts → completions, many at once, each drawn by a random generator of its own.

`loading` picks a completer: `completer` (decoders) or `seq2seq_completer`. Both run `continuous` (runs of one
model have it in common: `shared`), which asks `sampling` for the next token, `lookup` for drafts of several,
`constraint` for those that a schema allows, and `text_stream` for text. `pipeline` is transformers' own. `reasons` says
which tokens of the prompt a completion rests on.
"""
