"""Decoders that many texts share, each row at a place of its own: what continuous batching runs on."""
