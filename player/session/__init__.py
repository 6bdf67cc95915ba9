"""Session: a member's life, over as many connections and films as it takes."""
