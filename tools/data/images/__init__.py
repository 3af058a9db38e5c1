"""Sets of images: named ones, a user's own, made ones."""
