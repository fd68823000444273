"""What really happens at an IPOS (M numbers), each with tests of what must hold all the same."""
