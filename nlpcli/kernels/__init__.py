"""Fast layers for a device; they know torch and nothing else.

`linear.py` is the registry of linear layers: what can run here, replace, concatenate. `quantize.py` has scales and zero
points. The formats: `packed_linear.py` (bfloat16 for oneDNN), `int8_products.py` (weights and activations),
`int8_weights.py` and `int8_blocks.py` (weights alone; int4 too), `weight_blocks.py` (for ONNX Runtime). `attention.py`
is for short texts on CPU, `threads.py` says how many threads a step is worth, `shapes.py` how row counts are rounded.
"""
