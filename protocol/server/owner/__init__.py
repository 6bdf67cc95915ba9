"""Owner: what of a stream needs the whole party, or happens by time."""
