"""Whatever the outside sends: a value, or one of our errors with a sentence; nothing else."""
