"""How our own weights were made. Nothing that users run imports it."""
