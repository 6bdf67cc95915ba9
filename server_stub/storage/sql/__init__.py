"""SQL store: schema, queries and the store on them."""
