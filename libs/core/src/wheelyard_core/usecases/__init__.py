"""What the registry does, one module a verb. Use cases know ports, never their adapters."""
