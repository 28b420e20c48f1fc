"""Verification of received files, and the scheduler."""
