"""Fast layers for a device; they know torch and nothing else."""
