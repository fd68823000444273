"""Real processes of the pipeline: killed at any moment, or two at once, on real databases."""
