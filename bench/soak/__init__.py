"""Long runs that try to break what the server promises, and a checker of its log."""
