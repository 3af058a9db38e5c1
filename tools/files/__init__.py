"""Files that are written whole or not at all, and safe readers of arrays and JSON."""
