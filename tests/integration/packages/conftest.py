"""Tests that share a registry with their module."""

from tests.integration.sharing import yard

__all__ = ["yard"]
