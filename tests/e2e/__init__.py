"""End-to-end tests, a package for its fixtures: their registries end with its last test."""
