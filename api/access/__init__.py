"""Who may do what: scopes of keys and tokens, what partners see and under which ids, and what was read of persons."""
