"""One module an area of the schema, each with its `AREA`."""
