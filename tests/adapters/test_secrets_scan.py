"""Shows which texts are taken for secrets, which are not, and what becomes of each file."""

from __future__ import annotations

import json
import os
import random
import string
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_gates.adapters.secrets_rules import RULES, secrets_in
from pytest_gates.adapters.secrets_scan import scan

LETTERS = string.ascii_letters
ALNUM = LETTERS + string.digits
HEX = "0123456789abcdef"
RANDOM = random.Random(7)
KEY = "PRIVATE" + " KEY"


def some(count: int, alphabet: str = ALNUM) -> str:
    return "".join(RANDOM.choice(alphabet) for _ in range(count))


def pem(kind: str = "RSA ", body: str | None = None) -> str:
    lines = body or "\n".join(some(64) for _ in range(3))
    return f"-----BEGIN {kind}{KEY}-----\n{lines}\n-----END {kind}{KEY}-----"


# Put together here: a file that holds them whole would be found by every scanner of the world.
SECRETS = {
    "aws-access-key": "AKIA" + some(16, string.ascii_uppercase + "234567"),
    "github-token": "ghp_" + some(36),
    "github-fine-grained-token": "github_pat_" + some(22) + "_" + some(59),
    "gitlab-token": "glpat-" + some(20),
    "slack-token": "xoxb-" + some(12, string.digits) + "-" + some(24),
    "slack-webhook": f"https://hooks.{'slack'}.com/services/T{some(8, 'AB1')}/B{some(8, 'AB1')}/{some(24)}",
    "stripe-key": "sk_live_" + some(24),
    "google-api-key": "AIza" + some(35),
    "google-oauth-secret": "GOCSPX-" + some(28),
    "openai-key": "sk-" + some(20) + "T3BlbkFJ" + some(20),
    "anthropic-key": "sk-ant-" + "api03-" + some(93) + "AA",
    "pypi-token": "pypi-AgE" + some(70),
    "npm-token": "npm_" + some(36),
    "sendgrid-key": "SG." + some(22) + "." + some(43),
    "telegram-token": some(9, "123456789") + ":AA" + some(33),
    "digitalocean-token": "dop_v1_" + some(64, HEX),
    "hugging-face-token": "hf_" + some(34, LETTERS),
    "docker-token": "dckr_pat_" + some(27),
    "shopify-token": "shpat_" + some(32, HEX),
    "vault-token": "hvs." + some(95),
    "azure-storage-key": "AccountKey=" + some(86) + "==",
    "private-key": pem(),
}  # fmt: skip


def found(text: str) -> list[tuple[str, int, int]]:
    return [(one.rule, one.line, one.column) for one in secrets_in(text.encode())]


def test_every_rule_is_shown_to_find_something() -> None:
    assert {rule for rule, _, _ in RULES} == set(SECRETS)


@pytest.mark.parametrize("rule", SECRETS)
def test_a_secret_of_a_known_form_is_found_where_it_stands(rule: str) -> None:
    secret = SECRETS[rule]
    shown = secret.removeprefix("https://")
    text = f"# first\n\nkey = '{secret}'\n"
    assert found(text) == [(rule, 3, text.splitlines()[2].index(shown[:20]) + 1)]
    assert found(f'{{"key":"{secret}"}}')[0][0] == rule


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ghp_" + "x" * 36,
        "ghp_" + "short",
        "the prefix ghp_ and AKIA are looked for",
        "sha256-" + some(43) + "=",
        "commit " + some(40, HEX),
        "data:image/png;base64," + some(400) + "AKIA" + some(30),
        f"-----BEGIN {KEY}-----",
        f'if line.startswith("-----BEGIN RSA {KEY}-----"):\n    return parse(line)\n',
        f"-----BEGIN PUBLIC KEY-----\n{some(64)}\n-----END PUBLIC KEY-----",
        "password = os.environ['PASSWORD']",
        "https://user:password@host/path",
        "npm_config_registry=" + some(10),
        "hf_hub_download",
        "12:AAB",
    ],
)
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_key_in_a_string_and_one_with_headers_are_keys() -> None:
    body = some(64)
    assert found(f"-----BEGIN {KEY}-----\\n{body}\\n-----END")[0][0] == "private-key"
    headers = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"
    assert found(f"-----BEGIN RSA {KEY}-----\n{headers}{body}\n")[0][0] == "private-key"


def test_two_keys_that_begin_alike_have_two_digests() -> None:
    head = some(64)
    one, two = (pem("OPENSSH ", f"{head}\n{some(64)}") for _ in range(2))
    digests = {next(secrets_in(text.encode())).digest for text in (one, two, "\n\n" + one)}
    assert len(digests) == 2


def test_each_file_is_accounted_for_and_no_value_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = SECRETS["github-token"]
    (tmp_path / "a.py").write_text(f"T = '{token}'\n", encoding="utf-8")
    (tmp_path / "wide.txt").write_text(token, encoding="utf-16")
    (tmp_path / "b.bin").write_bytes(b"\0" + token.encode())
    (tmp_path / "large.txt").write_text("x" * 5001, encoding="utf-8")
    (tmp_path / "limit.txt").write_text("x" * 5000, encoding="utf-8")
    (tmp_path / "link").symlink_to("a.py")
    (tmp_path / "folder").mkdir()
    (tmp_path / "broken.txt").write_bytes(b"\xff\xfe\x00")
    odd = os.fsdecode(b"odd\xff.txt")
    (tmp_path / odd).write_text(token, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    names = ["a.py", "wide.txt", "b.bin", "large.txt", "limit.txt", "link", "folder", "broken.txt",
             "gone", odd]  # fmt: skip
    told = scan(names, 5000)

    assert [(one["path"], one["line"], one["column"]) for one in told["findings"]] == [
        ("a.py", 1, 6),
        ("odd\\udcff.txt", 1, 1),
        ("wide.txt", 1, 1),
    ]
    assert len({one["digest"] for one in told["findings"]}) == 1
    assert told["scanned"] == 4
    assert [name for name, _ in told["unread"]] == ["large.txt", "broken.txt", "gone"]
    assert told["unread"][0][1] == "it has 5001 bytes, more than 5000"
    assert (told["binary"], told["elsewhere"]) == (["b.bin"], ["link", "folder"])
    assert token not in json.dumps(told)


def test_it_reads_names_from_standard_input(tmp_path: Path) -> None:
    (tmp_path / "a b.py").write_text(SECRETS["npm-token"], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-m", "pytest_gates.adapters.secrets_scan", "1000"],
        cwd=tmp_path, input=b"a b.py\0gone.py", capture_output=True, check=True,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert [one["rule"] for one in told["findings"]] == ["npm-token"]
    assert [name for name, _ in told["unread"]] == ["gone.py"]
