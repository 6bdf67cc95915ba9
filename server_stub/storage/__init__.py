"""Storage: the store, its worker, its administration."""
