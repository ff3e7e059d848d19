"""Text in, results out: readers and writers of every format; knows no model."""
