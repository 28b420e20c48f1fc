"""The addresses of the administration, together."""

from typing import Final

from flask import Blueprint

from wheelyard_api.rest import (
    access_tokens,
    audit_events,
    deploy_tokens,
    groups,
    members,
    modes,
    named_releases,
    projects,
    protection_rules,
    statuses,
    tokens,
    trusted_publishers,
    users,
)

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    users.blueprint,
    tokens.blueprint,
    groups.blueprint,
    projects.blueprint,
    members.blueprint,
    named_releases.blueprint,
    protection_rules.blueprint,
    statuses.blueprint,
    deploy_tokens.blueprint,
    access_tokens.blueprint,
    audit_events.blueprint,
    trusted_publishers.blueprint,
    modes.blueprint,
)
