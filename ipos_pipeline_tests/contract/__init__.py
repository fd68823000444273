"""The clients against the simulators, and against answers no correct system gives."""
