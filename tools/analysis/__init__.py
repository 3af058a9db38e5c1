"""From a finished run's files to tables, plots and the report."""
