"""Tests of ipos_pipeline/cli."""
