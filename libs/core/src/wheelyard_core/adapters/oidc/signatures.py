"""Keys as issuers publish them (RFC 7517), and the signatures that they check (RFC 7515)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from joserfc.errors import JoseError
from joserfc.jwa import JWS_ALGORITHMS, JWSAlgModel
from joserfc.jwk import ECKey, OKPKey, RSAKey

from wheelyard_core.domain.errors import NotMinted
from wheelyard_core.domain.id_tokens import IdToken, Reason
from wheelyard_core.domain.wording import quoted
from wheelyard_core.ports import IssuerUnavailable

PublicKey: TypeAlias = RSAKey | ECKey | OKPKey

# What anybody may check by a public key; never `none`, never a secret that is shared (HS256).
ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
)
_MODELS: Final[Mapping[str, JWSAlgModel]] = {model.name: model for model in JWS_ALGORITHMS}
# RFC 9864 took the old name back, and issuers still use it.
_MEANT: Final = {"EdDSA": "Ed25519"}
_KINDS: Final[Mapping[str, type[PublicKey]]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_MOST_KEYS: Final = 100
# 2048 to 8192 bits in base64url: shorter ones can be broken, longer ones take long to check.
_RSA_LENGTHS: Final = range(342, 1367)


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key with its name, and the one algorithm it is for, if it says so."""

    name: str | None
    algorithm: str | None
    key: PublicKey

    def fits(self, algorithm: str) -> bool:
        """Tell whether the key is for *algorithm*: its kind, its curve, and what it says itself."""
        try:
            _model(algorithm).check_key(self.key)
        except JoseError:
            return False
        return self.algorithm is None or _meant(self.algorithm) == _meant(algorithm)


def usable_keys(document: object) -> Sequence[VerificationKey]:
    """Return the keys of a key set that can check signatures. Raises IssuerUnavailable for none."""
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise IssuerUnavailable("The issuer's keys are no key set, or too many")
    keys = [key for one in listed if isinstance(one, dict) and (key := _imported(one)) is not None]
    if not keys:
        raise IssuerUnavailable("The issuer has no key that checks signatures")
    return keys


def check_signature(token: IdToken, keys: Sequence[VerificationKey]) -> None:
    """Raise NotMinted unless the one of *keys* that the token can mean signed it."""
    if token.algorithm not in ALGORITHMS:
        raise NotMinted(
            f"The token is signed by {quoted(token.algorithm)}, which is none of "
            + ", ".join(ALGORITHMS),
            Reason.INVALID_ALGORITHM,
        )
    fitting = [key for key in keys if key.fits(token.algorithm)]
    if len(fitting) != 1:
        raise NotMinted(
            "The token is signed by a key that its issuer does not publish"
            if not fitting
            else "The token does not say by which of its issuer's keys it is signed",
            Reason.UNKNOWN_KEY,
        )
    try:
        good = _model(token.algorithm).verify(token.signed, token.signature, fitting[0].key)
    except (JoseError, ValueError):
        good = False
    if not good:
        raise NotMinted("The token's signature is wrong", Reason.INVALID_SIGNATURE)


def _imported(document: dict[str, object]) -> VerificationKey | None:
    """Return a key, or None for one that is not for signatures, weak, or no key at all."""
    kind = _KINDS.get(str(document.get("kty")))
    name, algorithm = document.get("kid"), document.get("alg")
    operations = document.get("key_ops", ["verify"])
    if kind is None or document.get("use", "sig") != "sig" or "verify" not in _list(operations):
        return None
    if kind is RSAKey and len(str(document.get("n", ""))) not in _RSA_LENGTHS:
        return None
    # Only what makes the key: the rest (certificates) is not ours to judge.
    numbers: dict[str, str | list[str]] = {
        part: number
        for part in ("kty", "n", "e", "crv", "x", "y")
        if isinstance(number := document.get(part), str)
    }
    try:
        key = kind.import_key(numbers)
    except (JoseError, ValueError, TypeError):
        return None
    return VerificationKey(
        name if isinstance(name, str) else None,
        algorithm if isinstance(algorithm, str) else None,
        key,
    )


def _list(found: object) -> list[object]:
    return found if isinstance(found, list) else []


def _model(algorithm: str) -> JWSAlgModel:
    return _MODELS[_meant(algorithm)]


def _meant(algorithm: str) -> str:
    return _MEANT.get(algorithm, algorithm)
