"""The Dagster UI as people see it: a real server, a real browser."""
