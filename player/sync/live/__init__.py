"""Live streams: what of them can be gone to, and from where their positions count; pure."""
