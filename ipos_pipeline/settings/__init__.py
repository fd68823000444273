"""What people set: environment variables, YAML files, configuration records."""
