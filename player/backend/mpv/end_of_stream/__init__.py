"""End of stream: how long media is, and what it means that nothing follows."""
