"""Stand-ins that tests are built on."""
