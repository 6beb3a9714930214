"""Whom to enlist, and what each customer adds: reverse-reachable sets, their cover, and certificates."""
