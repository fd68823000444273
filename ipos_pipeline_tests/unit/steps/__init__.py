"""Tests of ipos_pipeline/steps."""
