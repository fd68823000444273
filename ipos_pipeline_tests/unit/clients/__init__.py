"""Tests of ipos_pipeline/clients."""
