"""What the parts of the REST API share."""
