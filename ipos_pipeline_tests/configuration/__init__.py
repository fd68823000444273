"""Configuration where the users keep it: records, dates, filters, dry runs."""
