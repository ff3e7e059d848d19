"""Decoders of Llama's shape as one graph for ONNX Runtime: a step of all rows in one call, weights in blocks of 8 or 4
bits (docs/decisions/0026).

- once for each model: `conversion` keeps graphs in the cache, `llama_step` writes one, `onnx_file` knows the format,
  `names` what is called how
- at every start: `ready` finds what was made, without torch and transformers; `decoder` runs it, `embedding` reads the
  vectors of tokens, `positions` the angles of places; `rotation` spreads what is large, `prefixes` keeps how prompts
  begin
"""
