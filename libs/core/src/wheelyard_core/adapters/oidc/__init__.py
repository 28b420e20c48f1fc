"""Issuers of ID tokens, asked over HTTP."""
