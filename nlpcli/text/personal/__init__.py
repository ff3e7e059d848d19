"""Personal data in a text: where it stands, and the tokens that take its place. Knows no model.

`kinds` is the table of what there is to find, and finds it; a module tells each kind: `addresses` (e-mail, URL, IP,
MAC), `accounts` (IBAN, cards), `national_ids` (by `national_ids.toml`), `phones`, `births`. `context` is what they
share: the text as ASCII has it, words beside a number. `tokens` puts tokens in and reads them again.
"""
