"""Media: describing, resolving and loading films."""
