"""From members' scores to detection metrics: files, statistics, metrics, intervals."""
