"""Logging, metrics and health: what operators see."""
