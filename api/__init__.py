"""Every way in: GraphQL, the REST bits, the command line and the pages."""
