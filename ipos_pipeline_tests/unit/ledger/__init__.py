"""Tests of ipos_pipeline/ledger."""
