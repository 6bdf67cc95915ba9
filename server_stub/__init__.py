"""The sync server: one timeline and one numbered log for every stream."""
