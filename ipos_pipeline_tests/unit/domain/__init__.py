"""Tests of ipos_pipeline/domain."""
