"""Parts of the server that need neither a loop nor a file."""
