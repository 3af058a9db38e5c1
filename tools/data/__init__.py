"""Image sets and tables: their names, where their bytes come from, reading and checking them."""
