"""Bergamot's and Firefox's student models as we compute them, without transformers, which `bergamot/` is for.

- files: `loading`, `weights` with the tokenizer, `shortlist`, `sentencepiece_model`
- greedy decoding: `greedy` over `layers`, `linears` and `positions`; `output` and `int8_output` score pieces
"""
