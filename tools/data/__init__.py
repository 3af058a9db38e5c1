"""Image sets: their names, where their bytes come from, reading and checking them."""
