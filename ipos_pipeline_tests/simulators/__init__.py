"""The simulators, each as the documents say the real system behaves."""
