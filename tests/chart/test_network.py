"""The policies as a matrix: what is needed is let through, and nothing else is."""

import json

import pytest
from tests.support.chart import Chart, Rendered, containers
from tests.support.network import End, Network

Connection = tuple[str, str, int]

_SERVICES = ("api", "indexer", "scheduler", "worker-index", "worker-maintenance", "worker-verify")
# Who publishes and installs as people do, from inside of the release.
_CLIENTS = ("smoke", "robot")
_PORTS = (53, 443, 5432, 5433, 6379, 8080, 9000, 9090)
_STRANGER = End("stranger")
_ELSEWHERE = (
    _STRANGER,
    End("dns", {"k8s-app": "kube-dns"}, "kube-system"),
    End("prometheus", {}, "monitoring"),
    End("traefik", {}, "ingress"),
    End("other", {"app.kubernetes.io/component": "gateway"}, "other"),
    End("internet", address="192.0.2.1"),
)
# The cache of DNS on a node, and the stores of ha-values.yaml.
_ADDRESSES = (
    End("node-dns", address="169.254.20.10"),
    End("db", address="10.20.0.9"),
    End("broker", address="10.20.1.9"),
    End("cache", address="10.20.2.9"),
    End("s3", address="10.20.3.9"),
)


def ends_of(rendered: Rendered) -> list[End]:
    """Return every pod of the release."""
    ends = []
    for _, pod in rendered.pods():
        labels = pod["metadata"]["labels"]
        ports = {
            port["name"]: port["containerPort"]
            for container in containers(pod)
            for port in container.get("ports", [])
        }
        ends.append(End(labels["app.kubernetes.io/component"], labels, ports=ports))
    return ends


def let_through(rendered: Rendered, *elsewhere: End) -> set[Connection]:
    """Return every connection that the policies let through, to any of the ports."""
    network = Network(rendered.of("NetworkPolicy").values())
    ours = ends_of(rendered)
    everybody = [*ours, *elsewhere]
    return {
        (source.name, target.name, port)
        for source in everybody
        for target in everybody
        for port in _PORTS
        # What goes on between others is not ours to say.
        if source is not target and (source in ours or target in ours)
        if network.lets(source, target, port)
    }


def all_of(sources: tuple[str, ...], target: str, port: int) -> set[Connection]:
    return {(source, target, port) for source in sources}


def test_a_try_has_every_connection_that_it_needs_and_no_other(chart: Chart) -> None:
    everybody = (*_SERVICES, "gateway", "migrate", *_CLIENTS)
    outside = tuple(end.name for end in _ELSEWHERE)
    dev = chart.render("dev", sets=["robot.enabled=true"])

    assert let_through(dev, *_ELSEWHERE) == {
        *all_of(everybody, "dns", 53),
        # Anybody may come to the gateway, from wherever an Ingress or a load balancer is.
        *all_of((*outside, *_CLIENTS), "gateway", 8080),
        *all_of(("gateway",), "api", 8080),
        *all_of(("gateway",), "indexer", 8080),
        *all_of((*_SERVICES, "migrate", *_CLIENTS), "dev-postgresql", 5432),
        *all_of(_SERVICES, "dev-broker", 6379),
        *all_of((*_SERVICES, *_CLIENTS), "dev-cache", 6379),
        # The gateway fetches large files itself.
        *all_of((*_SERVICES, "migrate", "gateway"), "dev-object-storage", 9000),
        *(("prometheus", name, 9090) for name in (*_SERVICES, "gateway")),
    }


def test_stores_of_ones_own_are_reached_where_they_are(examples: dict[str, Rendered]) -> None:
    everybody = (*_SERVICES, "gateway", "migrate", *_CLIENTS)

    assert let_through(examples["ha"], *_ELSEWHERE, *_ADDRESSES) == {
        *all_of(everybody, "dns", 53),
        *all_of(everybody, "node-dns", 53),
        # Only by the Ingress, and by the release's own clients.
        *all_of(("traefik", *_CLIENTS), "gateway", 8080),
        *all_of(("gateway",), "api", 8080),
        *all_of(("gateway",), "indexer", 8080),
        *all_of((*_SERVICES, *_CLIENTS), "db", 5432),
        *all_of(("migrate",), "db", 5433),
        *all_of(_SERVICES, "broker", 6379),
        *all_of((*_SERVICES, *_CLIENTS), "cache", 6379),
        *all_of(_SERVICES, "s3", 9000),
        *(("prometheus", name, 9090) for name in (*_SERVICES, "gateway")),
    }


def test_where_no_addresses_are_named_only_ports_are(examples: dict[str, Rendered]) -> None:
    reached = {
        (source, port)
        for source, target, port in let_through(examples["default"], *_ELSEWHERE)
        if target == "internet"
    }

    assert reached == {
        *((name, port) for name in _SERVICES for port in (443, 5432, 6379)),
        *(("migrate", 5432), ("smoke", 5432), ("smoke", 6379)),
    }


@pytest.mark.parametrize("name", ["default", "dev", "ha", "full", "gitops"])
def test_every_pod_is_guarded_both_ways(name: str, examples: dict[str, Rendered]) -> None:
    policies = examples[name].of("NetworkPolicy").values()

    for policy in policies:
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    guarded = {
        one["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for one in policies
    }
    assert guarded == {end.name for end in ends_of(examples[name])}


def test_only_the_api_asks_issuers_for_their_keys(examples: dict[str, Rendered]) -> None:
    # The object store of this example listens on another port than theirs.
    issuer = End("issuer", address="198.51.100.7")
    network = Network(examples["full"].of("NetworkPolicy").values())
    by_443 = {end.name for end in ends_of(examples["full"]) if network.lets(end, issuer, 443)}

    assert by_443 == {"api"}


@pytest.mark.parametrize(
    ("issuers", "ports"),
    [
        ([{"url": "https://gitlab.example.com:8443"}], {8443}),
        ([{"url": "https://a.example:8443"}, {"url": "https://gitlab.com"}], {443, 8443}),
        # Whoever says where its keys are is asked nowhere else.
        ([{"url": "https://a.example:8443", "jwks_url": "https://b.example:9443/keys"}], {9443}),
    ],
    ids=["port", "two", "keys"],
)
def test_issuers_are_asked_at_the_ports_of_their_addresses(
    issuers: list[dict[str, str]], ports: set[int], chart: Chart
) -> None:
    rendered = chart.render("full", sets=[f"auth.oidc.issuers={json.dumps(issuers)}"])
    network = Network(rendered.of("NetworkPolicy").values())
    issuer = End("issuer", address="198.51.100.7")
    (api,) = (end for end in ends_of(rendered) if end.name == "api")

    assert ports == {port for port in (80, 443, 8443, 9443) if network.lets(api, issuer, port)}


def test_a_store_whose_address_is_secret_is_reached_at_the_port_that_is_said(chart: Chart) -> None:
    sets = [
        *('externalDatabase.existingSecretUriKey="uri"', "externalDatabase.port=6432"),
        *('cache.existingSecretUriKey="uri"', "cache.port=6380"),
    ]
    rendered = chart.render("default", sets=sets)
    network = Network(rendered.of("NetworkPolicy").values())
    elsewhere = End("internet", address="192.0.2.1")
    (indexer,) = (end for end in ends_of(rendered) if end.name == "indexer")

    assert {6379, 6380, 6432} == {
        port for port in (5432, 6379, 6380, 6432) if network.lets(indexer, elsewhere, port)
    }


def test_only_what_traces_reaches_the_collector(examples: dict[str, Rendered]) -> None:
    collector = End("collector", address="198.51.100.8")
    network = Network(examples["full"].of("NetworkPolicy").values())
    by_4318 = {end.name for end in ends_of(examples["full"]) if network.lets(end, collector, 4318)}

    assert by_4318 == {"api", "indexer", "worker-index", "worker-maintenance", "worker-verify"}


@pytest.mark.parametrize(
    ("egress", "reached"),
    [
        ([], {("api", "proxy", 3129), ("api", "internet", 3129)}),
        ([{"ipBlock": {"cidr": "10.20.4.0/24"}}], {("api", "proxy", 3129)}),
    ],
)
def test_where_issuers_are_asked_by_a_proxy_only_that_is_reached(
    egress: list[object], reached: set[Connection], chart: Chart
) -> None:
    proxy, internet = End("proxy", address="10.20.4.9"), End("internet", address="192.0.2.1")
    told = {"proxySecret": {"name": "proxy", "key": "proxy", "port": 3129}, "egress": egress}
    sets = [f"auth.oidc.{key}={json.dumps(value)}" for key, value in told.items()]
    rendered = chart.render("full", sets=sets)
    network = Network(rendered.of("NetworkPolicy").values())

    assert reached == {
        (source.name, target.name, port)
        for source in ends_of(rendered)
        for target in (proxy, internet)
        for port in (80, 443, 3128, 3129)
        if network.lets(source, target, port)
    }


def test_dns_is_asked_over_both_protocols(examples: dict[str, Rendered]) -> None:
    network = Network(examples["default"].of("NetworkPolicy").values())
    dns = _ELSEWHERE[1]

    for end in ends_of(examples["default"]):
        assert network.lets(end, dns, 53, "UDP")
        assert network.lets(end, dns, 53, "TCP")
        assert not network.lets(end, _STRANGER, 53, "UDP")
