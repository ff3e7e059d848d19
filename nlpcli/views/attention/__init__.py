"""What attention-inspect finds, drawn: `report` on the terminal (`overview`, `heat_map`, `alignment`), `page` as HTML,
`figure` as a picture, `arrays` for numpy; `labels` and `palette` are shared.
`ablations`, `attribution` and `comparison` are further drawings on the terminal.
"""
