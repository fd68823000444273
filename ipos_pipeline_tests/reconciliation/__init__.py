"""Each kind of difference, made in the simulators and named by the reconciliation."""
