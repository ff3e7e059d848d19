"""What a text is made of: its language, words, sentences, clauses; markup around prose. Knows no model."""
