"""Position: where mpv is, and where its seeks come to rest."""
