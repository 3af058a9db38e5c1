"""What a run trains on and scores: images and tables, split and checked."""
