"""Who asks for a package: the shortest way to it from what was asked for. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def chains(
    nodes: Sequence[Node], needs: Callable[[Node], Iterable[Node]], local: Iterable[Node]
) -> dict[Node, tuple[Node, ...]]:
    """What leads to each node that can be reached, without the node itself; empty for a beginning.

    Ways begin at `local` nodes; where none of them leads, at what nothing needs; in a ring that
    nothing leads into, at its first node. `needs` may lead to nodes that are not among `nodes`.
    """
    wanted = _wanted(nodes, needs)
    parents: dict[Node, Node | None] = {}
    _spread(local, needs, parents)
    _spread((one for one in nodes if one not in wanted), needs, parents)
    for one in nodes:
        _spread((one,), needs, parents)
    return {node: _way(node, parents) for node in parents}


def _wanted(nodes: Iterable[Node], needs: Callable[[Node], Iterable[Node]]) -> set[Node]:
    """What another node needs."""
    found: set[Node] = set()
    seen = set(nodes)
    waiting = list(seen)
    while waiting:
        node = waiting.pop()
        for one in needs(node):
            if one != node:
                found.add(one)
            if one not in seen:
                seen.add(one)
                waiting.append(one)
    return found


def _spread(
    beginnings: Iterable[Node],
    needs: Callable[[Node], Iterable[Node]],
    parents: dict[Node, Node | None],
) -> None:
    """Breadth first: the first way to a node is a shortest one."""
    waiting = deque(one for one in dict.fromkeys(beginnings) if one not in parents)
    parents.update(dict.fromkeys(waiting))
    while waiting:
        node = waiting.popleft()
        for one in needs(node):
            if one not in parents:
                parents[one] = node
                waiting.append(one)


def _way(node: Node, parents: dict[Node, Node | None]) -> tuple[Node, ...]:
    way: list[Node] = []
    step = parents[node]
    while step is not None:
        way.append(step)
        step = parents[step]
    return tuple(reversed(way))
