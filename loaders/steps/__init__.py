"""The steps between a record and an event: tidy, times, numbers, properties, checks, completion, identity."""
