"""Globs over POSIX paths and node ids: `*` stays in one folder, `**` crosses folders. Pure."""

from __future__ import annotations

import functools
import re


@functools.lru_cache(maxsize=512)
def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile(_translated(glob), re.DOTALL)


def matches(glob: str, path: str) -> bool:
    """Whether the whole of `path` fits `glob`.

    `*` and `?` do not cross `/`; `**` as a whole segment stands for any number of folders, and at
    the end for everything below. A leading `./` on either side is ignored.
    """
    return _compiled(glob.removeprefix("./")).fullmatch(path.removeprefix("./")) is not None


def chosen(
    files: tuple[str, ...], paths: tuple[str, ...], exclude: tuple[str, ...]
) -> tuple[str, ...]:
    """Those that fit a glob of `paths` and none of `exclude`, in their order."""
    return tuple(
        path
        for path in files
        if any(matches(glob, path) for glob in paths)
        and not any(matches(glob, path) for glob in exclude)
    )


@functools.lru_cache(maxsize=2048)
def _compiled_test(glob: str) -> re.Pattern[str]:
    path, colons, inner = glob.partition("::")
    path = path.replace("[", "[[]")  # brackets of a node id are parameters, not sets
    tail = "".join(
        ".*" if char == "*" else "." if char == "?" else re.escape(char) for char in inner
    )
    return re.compile(_translated(path) + re.escape(colons) + tail, re.DOTALL)


def matches_test(glob: str, nodeid: str) -> bool:
    """Whether the node id fits: exactly, or with `*` and `?`, which cross anything behind the `::`.

    A glob without `::` stands for every test of the files that it fits.
    """
    glob, nodeid = glob.removeprefix("./"), nodeid.removeprefix("./")
    if glob == nodeid:
        return True
    if "::" not in glob:
        return matches(glob, nodeid.partition("::")[0])
    return _compiled_test(glob).fullmatch(nodeid) is not None


def _translated(glob: str) -> str:
    parts: list[str] = []
    segments = glob.split("/")
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        if segment == "**":
            parts.append(".*" if last else "(?:[^/]+/)*")
        else:
            parts.append(_translated_segment(segment) + ("" if last else "/"))
    return "".join(parts)


def _translated_segment(segment: str) -> str:
    out: list[str] = []
    at = 0
    while at < len(segment):
        char = segment[at]
        at += 1
        if char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "[":
            start = at + 1 if segment[at : at + 1] == "!" else at
            # A closing bracket right at the start is a member of the set, as in a shell.
            end = segment.find("]", start + 1)
            if end < 0:
                out.append(r"\[")
                continue
            out.append(_translated_set(segment[start:end], negated=start > at))
            at = end + 1
        else:
            out.append(re.escape(char))
    return "".join(out)


def _translated_set(body: str, *, negated: bool) -> str:
    """One character of the set, or none of it, and never a `/`; a range backwards holds nothing."""
    parts: list[str] = []
    at = 0
    while at < len(body):
        if body[at + 1 : at + 2] == "-" and at + 2 < len(body):
            first, last = body[at], body[at + 2]
            parts += [f"{re.escape(first)}-{re.escape(last)}"] if first <= last else []
            at += 3
        else:
            # Each escaped: `--`, `&&` and `||` would mean something to a future `re`.
            parts.append(re.escape(body[at]) if not body[at].isalnum() else body[at])
            at += 1
    members = "".join(parts)
    if negated:
        return f"[^/{members}]"
    return f"(?!/)[{members}]" if members else "(?!)"
