"""Our subclasses of transformers' pipelines."""
