"""What attention-inspect finds, drawn: on the terminal, as a page, as a picture, as arrays."""
