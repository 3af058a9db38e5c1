"""Parts of networks: convolutions, activations, replicas on several devices."""
