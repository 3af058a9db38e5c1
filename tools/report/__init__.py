"""What people read of a run: tables, plots and the report page."""
