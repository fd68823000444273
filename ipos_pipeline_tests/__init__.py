"""Tests, builders and fixtures; the kinds of tests are told apart in CONTRIBUTING.md."""
