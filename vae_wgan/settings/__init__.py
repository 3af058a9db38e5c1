"""Settings of runs: every flag with its help, bounds and value in each preset."""
