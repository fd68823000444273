"""Tests of ipos_pipeline/settings."""
