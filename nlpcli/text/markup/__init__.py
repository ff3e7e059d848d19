"""Texts with structure: what in them is prose, and what stays as it is. Knows no model."""
