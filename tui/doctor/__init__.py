"""Doctor: what is wrong with this machine or server."""
