"""Encoders of BERT's kind: `modeling` computes BERT itself; of all, `layers` knows the parts, `quantize` which of them
take int8 products, and `first_token` has the last layer compute no token but the one that is read."""
