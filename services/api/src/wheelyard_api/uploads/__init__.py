"""The upload: a form, its fields, its bytes, its answer."""
