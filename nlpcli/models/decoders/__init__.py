"""Decoders that many texts share, each row at a place of its own: what continuous batching runs on.

`base` is the contract. `general` runs any decoder of transformers over the KV cache of `slots`, `recomputing` those
that have no such cache, `seq2seq` encoder-decoder models. Decoders of Llama's shape have `models/llama`.
"""
