"""From records to the event log: formats, sources and the steps between them."""
