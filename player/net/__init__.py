"""Network: the one way from a seat to the addresses of films: a proxy of its own."""
