"""The HTTP edge that the services share: errors, identity, health."""
