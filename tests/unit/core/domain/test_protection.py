"""Patterns of protection rules, and who has the level that a rule asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelyard_core.domain.access import (
    Actor,
    Anonymous,
    DeployToken,
    JobToken,
    Person,
    Role,
    Scope,
)
from wheelyard_core.domain.errors import InvalidInput, NotAllowed
from wheelyard_core.domain.names import normalize
from wheelyard_core.domain.protection import (
    Act,
    Level,
    Levels,
    Pattern,
    Rule,
    needed_level,
    require_level,
)

API = frozenset({Scope.API})
PERSON = Person(1, "ada", 1, API)
ADMIN = Person(1, "ada", 1, API, is_admin=True)
BOT = Person(2, "bot", 2, API, is_bot=True)
DEPLOY = DeployToken(3, "d", frozenset({Scope.WRITE_REGISTRY}), 1, None)
JOB = JobToken(4, 1, "ada", 1)
JOB_OF_ADMIN = JobToken(4, 1, "ada", 1, is_admin=True)


@pytest.mark.parametrize(
    ("pattern", "covered", "others"),
    [
        ("demo", ["demo"], ["demo-x", "xdemo", "dem"]),
        ("My.Lib", ["my-lib"], ["mylib", "my-lib-x"]),
        ("my_lib*", ["my-lib", "my-lib-core", "my-library"], ["my", "amy-lib"]),
        ("*", ["a", "my-lib"], []),
        ("**", ["a", "my-lib"], []),
        ("*-internal", ["a-internal"], ["internal", "a-internal-b"]),
        ("acme-*-plugin", ["acme-x-plugin", "acme-a-b-plugin"], ["acme-plugin", "acme-x-plugin2"]),
        ("a*b*c", ["abc", "a1b2c", "abbc", "abcbc"], ["ac", "acb", "abcd"]),
        ("a*a", ["aa", "aba"], ["a"]),
        ("ab*bc", ["abbc"], ["abc"]),
    ],
)
def test_a_pattern_covers_names(pattern: str, covered: list[str], others: list[str]) -> None:
    parsed = Pattern.parse(pattern)

    assert [name for name in covered if not parsed.covers(name)] == []
    assert [name for name in others if parsed.covers(name)] == []


@pytest.mark.parametrize("text", ["", " ", "a b", "a/b", "@scope/x", "a\n", "ä", "?", "x" * 256])
def test_what_is_in_no_name_is_no_pattern(text: str) -> None:
    with pytest.raises(InvalidInput, match="package_name_pattern"):
        Pattern.parse(text)


@given(st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?", fullmatch=True))
def test_a_name_covers_itself_however_it_is_spelled(name: str) -> None:
    assert Pattern.parse(name).covers(normalize(name))
    assert Pattern.parse(normalize(name).upper()).covers(normalize(name))


@given(st.lists(st.text("ab", max_size=4), min_size=1), st.lists(st.text("ab", max_size=4)))
def test_a_star_stands_for_any_text(parts: list[str], between: list[str]) -> None:
    texts = (between + [""] * len(parts))[: len(parts) - 1]
    name = parts[0] + "".join(text + part for text, part in zip(texts, parts[1:], strict=True))

    assert Pattern("*".join(parts)).covers(name)


def test_many_wildcards_cost_no_more_than_their_length() -> None:
    pattern, name = Pattern.parse("*a" * 127), "a" * 126 + "b" * 129

    # A matcher that tries every place for every part would not come back before the test's end.
    assert not pattern.covers(name)


def rule(pattern: str, push: Level | None = None, delete: Level | None = None) -> Rule:
    return Rule(1, 1, Pattern(pattern), Levels(push, delete))


def test_of_several_rules_the_strictest_counts() -> None:
    rules = [
        rule("*", push=Level.MAINTAINER),
        rule("core-*", push=Level.ADMIN, delete=Level.OWNER),
        rule("core-x", push=Level.OWNER),
    ]

    assert needed_level(rules, "core-x", Act.PUSH) is Level.ADMIN
    assert needed_level(rules, "core-x", Act.DELETE) is Level.OWNER
    assert needed_level(rules, "other", Act.PUSH) is Level.MAINTAINER
    assert needed_level(rules, "other", Act.DELETE) is None
    assert needed_level([], "other", Act.PUSH) is None


@pytest.mark.parametrize(
    ("actor", "role", "highest"),
    [
        (Anonymous(), Role.NONE, None),
        (PERSON, Role.DEVELOPER, None),
        (PERSON, Role.MAINTAINER, Level.MAINTAINER),
        (PERSON, Role.OWNER, Level.OWNER),
        (BOT, Role.OWNER, Level.OWNER),
        (ADMIN, Role.NONE, Level.ADMIN),
        (JOB, Role.OWNER, None),
        (JOB_OF_ADMIN, Role.NONE, None),
        (DEPLOY, Role.OWNER, None),
    ],
)
def test_the_level_of_whoever_acts(actor: Actor, role: Role, highest: Level | None) -> None:
    for needed in Level:
        if highest is not None and needed <= highest:
            require_level(actor, role, needed, Act.PUSH)
        else:
            with pytest.raises(NotAllowed, match=r"^Package protected\.$"):
                require_level(actor, role, needed, Act.PUSH)
    require_level(actor, role, None, Act.PUSH)


def test_a_refused_deletion_says_so() -> None:
    with pytest.raises(NotAllowed, match=r"^Package is deletion protected\.$"):
        require_level(PERSON, Role.MAINTAINER, Level.OWNER, Act.DELETE)
