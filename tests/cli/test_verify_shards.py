"""`gates verify` with the reports of several shards: each must be there, and once."""

from __future__ import annotations

from support.judged import Judged


def test_all_expected_shards_are_enough(green: Judged) -> None:
    unit, e2e = green.shard("unit", 1), green.shard("e2e", 2)
    assert green.verify("--expect", "unit", "--expect", "e2e", unit, e2e).returncode == 0


def test_a_missing_shard_is_named(green: Judged) -> None:
    done = green.verify("--expect", "unit", "--expect", "e2e", green.shard("unit", 1))
    assert done.returncode == 11
    assert "no report of shard e2e" in done.stdout


def test_a_report_without_a_name_is_no_shard(green: Judged) -> None:
    assert green.verify("--expect", "unit").returncode == 11


def test_the_same_shard_twice_is_no_second_shard(green: Judged) -> None:
    done = green.verify(green.shard("unit", 1), green.shard("unit", 2))
    assert done.returncode == 11
    assert "several reports of shard unit" in done.stdout


def test_two_reports_without_a_name_cannot_be_told_apart(green: Judged) -> None:
    assert green.verify(green.shard(None, 1), green.shard(None, 2)).returncode == 11


def test_the_policy_may_say_which_shards_there_are(green: Judged) -> None:
    """`expect` belongs to the policy: a run from before is one under another policy."""
    text = "[tool.pytest-gates]\nexpect = ['unit', 'e2e']\n"
    green.write({"pyproject.toml": text})
    green.commit("expect two shards")
    assert green.run("--gates-shard", "unit").returncode == 0
    done = green.verify()
    assert done.returncode == 11
    assert "no report of shard e2e" in done.stdout
    assert green.verify(green.shard("unit", 1), green.shard("e2e", 2)).returncode == 0


def test_an_unreadable_shard_counts_as_missing(green: Judged) -> None:
    unit = green.shard("unit", 1)
    green.write({"e2e.json": "{"})
    done = green.verify("--expect", "unit", "--expect", "e2e", unit, "e2e.json")
    assert done.returncode == 11
    assert "no report of shard e2e" in done.stdout


def test_a_red_shard_outweighs_a_missing_one(red: Judged) -> None:
    unit = red.shard("unit", 1)
    assert red.verify("--expect", "unit", "--expect", "e2e", unit).returncode == 10
