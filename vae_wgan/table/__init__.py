"""VAEs and flows of tables: networks, likelihoods, the member, baselines."""
