"""Encoders of BERT's kind: their layers, computed no further than is read."""
