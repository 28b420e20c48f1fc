"""Uploads, the REST API and the administration of Wheelyard."""
