"""What crosses the edge of the product: hostile answers, networks, files and texts."""
