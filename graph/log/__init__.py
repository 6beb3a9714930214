"""The event log: one Delta table, append-only, the source of truth for what happened."""
