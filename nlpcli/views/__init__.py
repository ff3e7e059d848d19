"""Pictures: on the terminal, and in files."""
