"""What the shell sees: Typer and Rich, nothing heavy."""
