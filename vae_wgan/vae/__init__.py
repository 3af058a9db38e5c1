"""VAEs of images: networks, priors, likelihoods, the member, its own scores."""
