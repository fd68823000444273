"""Seeded storms: whole days with faults, crashes and late data, and what must hold afterwards."""
