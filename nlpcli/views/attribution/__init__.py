"""The tokens that made a result, drawn: in colours on a terminal, as a line of text, as a page: `tokens` and `page`."""
