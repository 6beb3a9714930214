"""Pure algorithms: arrays in, arrays out; one file each, one folder a question."""
