"""Encoders of BERT's kind: `modeling` computes BERT itself; of all, `layers` knows the parts, `first_token` has the
last layer compute no token but the one that is read, `int8_encoder` has their layers with int8 products, and `quantize`
the scales of these."""
