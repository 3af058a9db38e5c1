"""Scripts to start by hand; no package imports them."""
