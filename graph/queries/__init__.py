"""What we ask the graph: one file a noun, with literal Cypher, a typed row and one function for each question."""
