"""Dagster only: assets, checks, jobs, sensors, and how they reach the rest of the package."""
