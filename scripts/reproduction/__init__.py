"""The experiments behind the claims, and the report that holds them to what is published."""
