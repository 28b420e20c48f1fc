"""Trusted publishers of projects: whose ID tokens may be exchanged for the right to publish."""

from flask import Blueprint, Response, jsonify

from wheelyard_api.rest import shown
from wheelyard_api.rest.desk import acting, created, nothing
from wheelyard_api.rest.lists import answer_list, read_stretch
from wheelyard_api.rest.params import Params
from wheelyard_core.domain.issuers import issuer_named
from wheelyard_core.domain.trusted import Rule, TrustedPublisherRule
from wheelyard_core.usecases.administer_trusted_publishers import (
    add_trusted_publisher,
    remove_trusted_publisher,
    trusted_publisher,
)
from wheelyard_web.identity import registry

blueprint = Blueprint(
    "trusted_publishers", __name__, url_prefix="/api/v4/projects/<reference>/trusted_publishers"
)


@blueprint.get("")
def trusted_publishers(reference: str) -> Response:
    """List the trusted publishers of a project."""
    stretch, page = read_stretch(Params.of_request())
    with acting(writes=False) as who:
        project, _ = who.project_settings(reference, writes=False)
        listed = who.uow.trusted.listed(project.id, stretch)
    return answer_list(listed, stretch, page, _shown)


@blueprint.post("")
def add(reference: str) -> Response:
    """Let whoever an issuer describes so publish into a project."""
    with acting(writes=True) as who:
        project, _ = who.project_settings(reference, writes=True)
        params = Params.of_request()
        rule = Rule.parse(
            params.required("issuer"), params.texts("claims"), registry().settings.oidc.issuers
        )
        return created(_shown(add_trusted_publisher(who, project.id, rule)))


@blueprint.get("/<number:rule_id>")
def one(reference: str, rule_id: int) -> Response:
    """Show a trusted publisher."""
    with acting(writes=False) as who:
        project, _ = who.project_settings(reference, writes=False)
        return jsonify(_shown(trusted_publisher(who, project.id, rule_id)))


@blueprint.delete("/<number:rule_id>")
def remove(reference: str, rule_id: int) -> Response:
    """Trust a publisher no more, from now on."""
    with acting(writes=True) as who:
        project, _ = who.project_settings(reference, writes=True)
        remove_trusted_publisher(who, project.id, rule_id)
    return nothing()


def _shown(found: TrustedPublisherRule) -> shown.Shown:
    issuer = issuer_named(found.rule.issuer, registry().settings.oidc.issuers)
    return {
        "id": found.id,
        "issuer": found.rule.issuer,
        # None: the instance knows the issuer no more, so nobody can use the rule.
        "preset": None if issuer is None else issuer.preset.value,
        "claims": dict(found.rule.claims),
        "created_at": shown.moment(found.created_at),
        "last_used_at": shown.moment(found.last_used_at),
    }
