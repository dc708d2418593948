"""Our scan with the real bandit: every way in which bandit lets a file slip through is told, or closed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pytest_gates.adapters import bandit_scan
from pytest_gates.adapters.bandit_scan import scanned
from pytest_gates.adapters.process import clean_environment
from pytest_gates.adapters.scans import Scans
from pytest_gates.errors import NothingToScan
from pytest_gates.model.bandit import FileAsked, FileFound, Question
from pytest_gates.model.contracts import Completed
from pytest_gates.model.evidence import Scan, Unavailable
from pytest_gates.model.finding import fingerprint_of
from pytest_gates.tools.bandit import TOOL, BanditSettings, read
from support.bases import a_repository, known, places
from support.fake_tools import completed
from support.repositories import commit, git
from support.repositories import write as write_file

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # bandit passes stevedore an argument that is to go
    from bandit.core import extension_loader  # type: ignore[import-untyped]
    from bandit.plugins import asserts  # type: ignore[import-untyped]

SHELL = "import subprocess\nsubprocess.call(words, shell=True)"
EVAL = "eval(word)"
LONG_SUM = "x = " + "+".join(["1"] * 5000)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def a_question(*files: str, ignored: tuple[str, ...] = (), **more: Any) -> Question:
    known: dict[str, Any] = {
        "version": "1",
        "skips": (),
        "config": None,
        "cache": "",
        "processes": 1,
        "most_bytes": 1_000_000,
    }
    asked = tuple(FileAsked(os.fsencode(one), ignored) for one in files)
    return Question(files=asked, **{**known, **more})


def write(**files: str | bytes) -> None:
    for name, content in files.items():
        path = Path(f"{name}.py")
        path.write_bytes(content if isinstance(content, bytes) else f"{content}\n".encode())


def of_one(content: str | bytes, **more: Any) -> FileFound:
    write(a=content)
    return scanned(a_question("a.py", **more)).files[0]


def ids(found: FileFound) -> list[str]:
    return [one.test for one in found.facts.issues]


def judged(content: str, settings: BanditSettings | None = None) -> Scan:
    """As the gate sees the one file."""
    write(a=content)
    answer = msgspec.json.encode(scanned(a_question("a.py")))
    return read(completed(answer, expected=("a.py",)), settings or BanditSettings())


@pytest.mark.parametrize(
    "content, why",
    [
        pytest.param(f"{SHELL}\ndef f(:", "syntax error", id="syntax error beside a flaw"),
        pytest.param(b"x = 1\0\n", "null bytes", id="NUL"),
        pytest.param(b"# \xff\nx = 1\n", "syntax error|trojansource", id="no UTF-8 in a comment"),
        pytest.param(LONG_SUM, "RecursionError", id="expression of 5000 terms"),
        pytest.param("x = 1\n" * 200_000, "more than 1000000", id="too large"),
    ],
)
def test_a_file_that_bandit_gives_up_on_is_unread(content: str | bytes, why: str) -> None:
    found = of_one(content)
    assert re.search(why, found.unread or "")


def test_what_is_no_file_is_unread(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "gone.py").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "outside.py").symlink_to("/dev/zero")
    names = ("folder.py", "loop.py", "gone.py", "pipe.py", "outside.py", "never.py", "nul\0.py")
    found = scanned(a_question(*names))
    assert [bool(one.unread) for one in found.files] == [True] * len(names)
    assert "Too many levels" in (found.files[1].unread or "")
    assert found.files[3].unread == found.files[4].unread == "it is no regular file"


def test_no_file_at_all_is_nothing_to_scan() -> None:
    with pytest.raises(NothingToScan):
        read(completed(msgspec.json.encode(scanned(a_question()))), BanditSettings())


@pytest.mark.parametrize(
    "folder",
    ["CVSS", "my.github_tools", ".git_hooks", "x.egg", "with space", "-r", "ünï", "\udcff"],
)
def test_no_file_is_left_out_for_its_name(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "a.py").write_text(EVAL, encoding="utf-8")
    (tmp_path / ".bandit").write_text("[bandit]\nskips = B307\n", encoding="utf-8")
    (tmp_path / folder / ".bandit").write_text("[bandit]\nskips = B307\n", encoding="utf-8")
    (found,) = scanned(a_question(f"{folder}/a.py")).files
    assert (ids(found), found.unread) == (["B307"], None)


@pytest.mark.parametrize(
    "line, hidden, told",
    [
        (f"{EVAL}  # nosec", False, ["nosec-without-reason"]),
        (f"{EVAL}  # nosec,", False, ["nosec-without-reason"]),
        (f"{EVAL}  # noseclike", False, []),
        (f"{EVAL}  # nosec: bogus reason", False, ["nosec-without-reason"]),
        (f"{EVAL}  # nosec B307", False, ["nosec-without-reason"]),
        (f"{EVAL}  # nosec B999 - a reason", False, ["nosec-without-reason"]),
        (f"{EVAL}  # nosec B101 see eval docs", False, ["nosec-hides-nothing"]),
        (f"{EVAL}  # nosec B307,B101 - a literal", True, []),
        (f"{EVAL}  # nosec blacklist - all of it", False, ["nosec-hides-nothing"]),
        (f"{EVAL}  # nosec eval, B999 - a literal", True, ["nosec-unknown-test"]),
        ("eval(\n  word,  # nosec B307 - a literal\n)", True, []),
        (f"{EVAL}; s = '# nosec B307 - a literal'", False, []),
    ],
)
def test_a_nosec_hides_what_it_names_and_gives_a_reason_for(
    line: str, hidden: bool, told: list[str]
) -> None:
    first, *others = judged(line).findings
    assert (first.rule, first.suppressed is not None) == ("B307", hidden)
    assert [one.rule for one in others] == told


def test_a_test_that_crashes_makes_its_file_unread_unless_it_is_ignored_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def crashing(context: object, config: object) -> None:
        raise ValueError("100 % broken")

    monkeypatch.setattr(asserts.assert_used, "__code__", crashing.__code__)
    content = f"assert 1\nassert 2\n{EVAL}"
    found = of_one(content, cache="cache")
    assert found.unread == "tests of bandit crashed on it: assert_used, 2 time(s)"
    assert ids(found) == ["B307"]
    ignoring = of_one(content, cache="cache", ignored=("B101",))
    assert (ids(ignoring), ignoring.unread) == (["B307"], None)
    assert of_one(content, cache="cache", skips=("assert_used",)).unread is None


def test_a_file_that_changes_under_the_scan_is_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(path: str, limit: int) -> bytes:
        return b"eval(word)  # as it was\n"

    write(a="x = 1")
    monkeypatch.setattr(bandit_scan, "content_of", other)
    found = scanned(a_question("a.py", cache="cache"))
    assert "changed or vanished" in (found.files[0].unread or "")
    Path("a.py").unlink()
    assert "changed or vanished" in (scanned(a_question("a.py")).files[0].unread or "")


def test_a_plugin_that_cannot_be_loaded_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = extension_loader.MANAGER.plugins_mgr
    monkeypatch.setattr(loaded, "names", lambda: ["assert_used"])
    write(a=EVAL)
    refused = scanned(a_question("a.py")).refused or ""
    assert refused.startswith("plugin(s) of bandit could not be loaded: any_other_function")


@pytest.mark.parametrize(
    "content, why",
    [
        (None, "the configuration c.yaml: it cannot be read: No such file"),
        ("[", "Error parsing file"),
        ("- 1", "Error parsing file"),
        ("tests: [B101]\nskips: [B101]", "Non-exclusive"),
        ("tests: 5", "TypeError"),
        ("tests: [B999]", "no test to run"),
    ],
)
def test_a_wrong_configuration_is_refused(content: str | None, why: str) -> None:
    if content is not None:
        Path("c.yaml").write_text(content, encoding="utf-8")
    write(a=EVAL)
    assert why in (scanned(a_question("a.py", config="c.yaml")).refused or "")


def test_a_named_configuration_counts_and_leaves_no_file_out() -> None:
    Path("c.toml").write_text(
        "[tool.bandit]\nskips = ['B101']\nexclude_dirs = ['a.py']\n", encoding="utf-8"
    )
    write(a=f"assert 1\n{EVAL}")
    for _ in range(2):
        answer = scanned(a_question("a.py", config="c.toml", cache="cache"))
        assert ids(answer.files[0]) == ["B307"]
        assert "`exclude_dirs` of c.toml leaves nothing out" in answer.catalogue.notes[0]
    assert answer.from_cache == 1


def test_ignored_findings_are_counted_by_id_and_skipped_tests_do_not_run() -> None:
    content = f"import pickle\nassert 1\n{EVAL}"
    found = of_one(content, ignored=("assert_used", "B307", "B999"))
    assert (ids(found), found.ignored) == (["B403"], {"B101": 1, "B307": 1})
    assert ids(of_one(content, skips=("B101", "eval", "B999"))) == ["B403"]


def test_texts_that_are_no_unicode_or_without_end_can_be_told() -> None:
    found = of_one("password = '\\udcff'\n" + f"password = '{'x' * 9000}'")
    odd, long = found.facts.issues
    assert odd.text == "Possible hardcoded password: '\\udcff'"
    assert len(long.text) == 2000
    assert msgspec.json.decode(msgspec.json.encode(found), type=FileFound) == found


MANY = f"""import pickle, telnetlib
from subprocess import Popen as P
{SHELL}
def f(password='secret', *, token="t"):
    assert password
    try:
        exec(password)
    except Exception:
        pass
    return "SELECT * FROM t WHERE name = '" + password + "'"
class A:
    secret = 'x'
    def g(self):
        return P(
            "ls *",
            shell=True,
        ), open('/tmp/x'), "0.0.0.0"
# \u202e
x = "a\x0cb"; \x0ceval(x)
"""


def test_findings_are_those_of_bandits_own_program(tmp_path: Path) -> None:
    write(a=MANY, b=MANY.replace("\n", "\r\n").encode(), c="x = 1")
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text(MANY, encoding="utf-8")
    names = ("a.py", "b.py", "c.py", "pkg/__init__.py")
    argv = (sys.executable, "-I", "-m", "bandit", "-q", "-f", "json", "--ignore-nosec", *names)
    done = subprocess.run(argv, capture_output=True, check=False)
    theirs = [as_told(one) for one in json.loads(done.stdout)["results"]]
    answer = scanned(a_question(*names))
    ours = [
        {**msgspec.structs.asdict(one), "path": path}
        for path, found in zip(names, answer.files, strict=True)
        for one in found.facts.issues
    ]
    assert len(theirs) > 40
    assert ours == theirs


def as_told(issue: dict[str, Any]) -> dict[str, Any]:
    """A result of bandit's JSON with our names; a range of lines is told by its ends."""
    path, line, lines = (
        issue["filename"].removeprefix("./"),
        issue["line_number"],
        issue["line_range"],
    )
    assert lines == list(range(lines[0], lines[-1] + 1))
    snippet = (one.partition(" ") for one in issue["code"].splitlines())
    flagged = next((text for number, _, text in snippet if number == str(line)), "")
    return {
        "path": path,
        "test": issue["test_id"],
        "name": issue["test_name"],
        "severity": issue["issue_severity"],
        "confidence": issue["issue_confidence"],
        "text": issue["issue_text"],
        "line": line,
        "first": lines[0],
        "last": lines[-1],
        "column": issue["col_offset"],
        "end_column": issue["end_col_offset"],
        "cwe": issue["issue_cwe"].get("id", 0),
        "url": issue["more_info"],
        "fingerprint": fingerprint_of(issue["test_id"], path, flagged),
    }


def test_nothing_in_the_repository_or_on_pythonpath_takes_bandits_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bandit", "yaml", "pytest_gates", "msgspec", "stevedore", "multiprocessing"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("print('{}'); raise SystemExit", "utf-8")
    large = f"{EVAL}\n#{'x' * 100_000}"
    write(a=EVAL, b=large, c=large)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    scans = Scans(tmp_path, tmp_path / ".cache")
    scans.start(TOOL, BanditSettings(paths=("*.py",), processes=2))
    found = scans.answer("bandit")
    assert isinstance(found, Scan), found
    assert (found.inputs, len(found.findings), found.unread) == (3, 3, ())


def test_a_scan_that_dies_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(a=EVAL)
    (tmp_path / "c.yaml").symlink_to("c.yaml")
    scans = Scans(tmp_path)
    scans.start(TOOL, BanditSettings(config="c.yaml"))
    found = scans.answer("bandit")
    assert isinstance(found, Unavailable)
    assert "the configuration c.yaml: it cannot be read: Too many levels" in found.why


def test_all_that_is_remembered_needs_no_bandit(tmp_path: Path) -> None:
    write(a=EVAL)
    question = a_question("a.py", cache=str(tmp_path / "cache"))
    code = (
        "import sys, msgspec\n"
        "from pytest_gates.adapters.bandit_scan import Question, scanned\n"
        "answer = scanned(msgspec.json.decode(sys.stdin.buffer.read(), type=Question))\n"
        "heavy = {'bandit', 'multiprocessing', 'importlib.metadata'} & sys.modules.keys()\n"
        "print(answer.from_cache, sorted(heavy))\n"
    )
    said = [
        subprocess.run(
            (sys.executable, "-I", "-c", code),
            input=msgspec.json.encode(question),
            env=clean_environment(()),
            capture_output=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]
    assert said[0].startswith(b"0 ['bandit'")
    assert said[1] == b"1 []\n"


def test_of_the_base_only_what_differs_is_scanned(tmp_path: Path) -> None:
    root = a_repository(tmp_path / "root")
    for number in range(3):
        write_file(root, f"src/{number}.py", f"{EVAL}\n")
    commit(root)
    git(root, "tag", "-f", "base")
    write_file(root, "src/0.py", "x = 1\n")
    notes: list[tuple[str, ...]] = []

    def noting(done: Completed, settings: BanditSettings) -> Scan:
        scan = read(done, settings)
        notes.append(scan.notes)
        return scan

    tool = msgspec.structs.replace(TOOL, read=noting)
    settings = BanditSettings(only_new=True)
    scans = Scans(root, tmp_path / "cache")
    scans.start(tool, settings)
    scans.answer("bandit")
    found = known(root, tool, settings, tmp_path / "cache")
    assert [rule for rule, _ in places(found)] == ["B307", "B307", "B307", "B102"]
    assert notes == [(), ("3 of 4 files known from an earlier scan",)]
