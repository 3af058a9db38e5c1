"""Simple detectors of pictures, and maps that show where a picture is strange."""
