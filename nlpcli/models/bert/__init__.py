"""Encoders of BERT's kind: `layers.py` knows their parts, `quantize.py` which of them take int8 products, and
`first_token.py` has the last layer compute no token but the one that is read."""
