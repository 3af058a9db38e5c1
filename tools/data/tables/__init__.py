"""Tables: reading, columns, encoding, splits."""
