"""Signatures of attestations, verified by Sigstore's library."""
