"""nlpcli: the command-line Swiss-army knife for natural language."""

__version__ = "0.1.0"
