"""What the tables say: answers, plots, a map, a page."""
