"""Decoders of Llama's shape, without transformers' modules: `configuration`, `weights` and `decoder`."""
