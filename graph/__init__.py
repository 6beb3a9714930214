"""What the graph is, what is asked of it, and what is computed on it."""
