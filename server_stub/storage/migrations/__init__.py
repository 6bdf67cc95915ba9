"""Steps of the schema, up and down."""
