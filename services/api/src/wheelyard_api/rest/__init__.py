"""The REST API: GitLab's addresses and fields, one module for each kind of thing."""
