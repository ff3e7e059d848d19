"""Prompts → completions, many at once, each with the text that it has alone."""
