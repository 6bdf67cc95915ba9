"""The seat: everything of one member's client that must be on time, without a face."""
