"""A web server as they are out there; `server` lists what it does."""
