"""The GraphQL API: one file a noun, beside what all nouns share."""
