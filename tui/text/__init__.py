"""Text: sentences and times for people."""
