"""Decides as a cluster does whether NetworkPolicies let a connection through."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Labels = Mapping[str, str]
Policy = Mapping[str, Any]


@dataclass(frozen=True)
class End:
    """A pod; or, with an address alone, something outside of the cluster."""

    name: str
    labels: Labels = field(default_factory=dict, hash=False)
    namespace: str = "packages"
    address: str = ""
    # Ports that have names, which is how policies may call them.
    ports: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def is_pod(self) -> bool:
        return not self.address


class Network:
    """The policies of one namespace."""

    def __init__(self, policies: Iterable[Policy], namespace: str = "packages") -> None:
        self._policies = list(policies)
        self._namespace = namespace

    def lets(self, source: End, target: End, port: int, protocol: str = "TCP") -> bool:
        """Tell whether *source* may connect: it may go, and *target* may be reached."""
        return self._passes("Egress", source, target, target, port, protocol) and self._passes(
            "Ingress", target, source, target, port, protocol
        )

    def _passes(
        self, way: str, guarded: End, other: End, target: End, port: int, protocol: str
    ) -> bool:
        if not guarded.is_pod or guarded.namespace != self._namespace:
            return True
        applying = [
            policy["spec"]
            for policy in self._policies
            if way in policy["spec"]["policyTypes"]
            and _selects(policy["spec"]["podSelector"], guarded.labels)
        ]
        if not applying:
            return True
        ends = "to" if way == "Egress" else "from"
        return any(
            self._is_peer(rule.get(ends), other)
            and _is_port(rule.get("ports"), target, port, protocol)
            for spec in applying
            for rule in spec.get(way.lower()) or []
        )

    def _is_peer(self, peers: Sequence[Mapping[str, Any]] | None, end: End) -> bool:
        # No list is everybody; an empty one too.
        return not peers or any(self._is(peer, end) for peer in peers)

    def _is(self, peer: Mapping[str, Any], end: End) -> bool:
        if "ipBlock" in peer:
            return not end.is_pod and _is_within(peer["ipBlock"], end.address)
        if not end.is_pod:
            return False
        namespace = {"kubernetes.io/metadata.name": end.namespace}
        if "namespaceSelector" in peer:
            if not _selects(peer["namespaceSelector"], namespace):
                return False
        elif end.namespace != self._namespace:
            return False
        return _selects(peer.get("podSelector", {}), end.labels)


def _selects(selector: Mapping[str, Any], labels: Labels) -> bool:
    assert selector.keys() <= {"matchLabels"}, "only matchLabels are evaluated"
    return bool(selector.get("matchLabels", {}).items() <= labels.items())


def _is_port(
    ports: Sequence[Mapping[str, Any]] | None, target: End, port: int, protocol: str
) -> bool:
    return not ports or any(
        one.get("protocol", "TCP") == protocol
        and one.get("port") in {None, port, *(n for n, p in target.ports.items() if p == port)}
        for one in ports
    )


def _is_within(block: Mapping[str, Any], address: str) -> bool:
    here = ip_address(address)
    return here in ip_network(block["cidr"]) and not any(
        here in ip_network(hole) for hole in block.get("except", [])
    )
