"""Globs over POSIX paths: `*` stays in one folder, `**` crosses folders. Pure."""

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
            end = segment.find("]", at + 1)
            if end < 0:
                out.append(r"\[")
                continue
            body = segment[at:end].replace("\\", r"\\").replace("[", r"\[")
            if body.startswith("!"):
                body = "^" + body[1:]
            elif body.startswith("^"):
                body = "\\" + body
            out.append(f"[{body}]")
            at = end + 1
        else:
            out.append(re.escape(char))
    return "".join(out)
