"""HTTP: what is asked before a websocket opens, or instead of one."""
