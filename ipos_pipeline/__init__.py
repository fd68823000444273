"""Shop sales from IPOS into NetSuite: exactly once, the same day, none missing."""
