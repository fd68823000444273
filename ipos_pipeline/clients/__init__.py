"""One class for each remote system: speaks HTTP, returns domain values, raises errors.py."""
