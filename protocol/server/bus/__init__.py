"""Bus: what a stream's owner and its edges tell each other, and what both hear of its log."""
