"""Errors and outages from their beginning to their end: mails, Integration Log, nobody needed."""
