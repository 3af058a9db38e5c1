"""One example per detector, each a story from data to numbers and plots."""
