"""The tokens that made a result, drawn: in colors on a terminal, as a line of text, as a page: `tokens` and `page`."""
