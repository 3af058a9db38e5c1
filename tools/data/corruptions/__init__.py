"""Images that are corrupted, perturbed or masked."""
