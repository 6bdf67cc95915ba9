"""Launch: from a plan to running processes."""
