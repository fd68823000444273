"""What whoever looks after the pipeline sees of it from outside: log lines, figures, alerts."""
