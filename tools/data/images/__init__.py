"""Image sets: named ones, a user's own, and generated ones."""
