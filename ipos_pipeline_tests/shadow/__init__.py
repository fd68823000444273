"""A location beside the script that this pipeline replaces, until it goes live."""
