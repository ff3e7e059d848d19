"""Sentences → sentences in another language, with tags and placeholders in their places."""
