"""What it costs: each module is a command that prints one table."""
