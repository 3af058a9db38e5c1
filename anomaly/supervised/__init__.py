"""The supervised baseline on credit-card fraud."""
