"""Decoders of Llama's shape, without transformers' modules."""
