"""Films, servers and names as people have them, at two seats and in mpv alone."""
