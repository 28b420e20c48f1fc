"""Wheelyard on one machine: every service in one small process tree."""
