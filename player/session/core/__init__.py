"""Session core: what a seat does about what it hears, without a clock, threads or sockets."""
