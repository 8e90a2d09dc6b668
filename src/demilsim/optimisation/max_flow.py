"""Maximum flow in whole numbers, after Dinic (1970)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator


class Network:
    """A directed network with whole capacities.

    Parameters
    ----------
    nodes
        Number of nodes.
    """

    def __init__(self, nodes: int) -> None:
        self._edges: list[list[int]] = [[] for _ in range(nodes)]
        self._head: list[int] = []
        self._left: list[int] = []

    def add(self, tail: int, head: int, capacity: int) -> int:
        """Add an edge and return its number."""
        number = len(self._head)
        # An edge and its reverse are neighbours, so that number ^ 1 finds the other.
        self._head += [head, tail]
        self._left += [capacity, 0]
        self._edges[tail].append(number)
        self._edges[head].append(number + 1)
        return number

    def left(self, edge: int) -> int:
        """Return the unused capacity of an edge."""
        return self._left[edge]

    def maximise(self, source: int, sink: int) -> int:
        """Return the maximum flow from source to sink, and keep it."""
        total = 0
        while (level := self._levels(source))[sink] >= 0:
            following = [iter(edges) for edges in self._edges]
            open_edge = [next(edges, -1) for edges in following]
            while pushed := self._augment(source, sink, level, open_edge, following):
                total += pushed
        return total

    def _levels(self, source: int) -> list[int]:
        """Return the distance of every node from the source in unused edges, -1 if out of reach."""
        level = [-1] * len(self._edges)
        level[source] = 0
        queue = deque([source])
        while queue:
            tail = queue.popleft()
            for edge in self._edges[tail]:
                head = self._head[edge]
                if self._left[edge] > 0 and level[head] < 0:
                    level[head] = level[tail] + 1
                    queue.append(head)
        return level

    def _augment(
        self,
        source: int,
        sink: int,
        level: list[int],
        open_edge: list[int],
        following: list[Iterator[int]],
    ) -> int:
        """Push along one shortest path and return how much; 0 if there is none left."""
        path: list[int] = []
        node = source
        while node != sink:
            edge = open_edge[node]
            if edge < 0:
                if not path:
                    return 0
                # A dead end: step back, and never come here again in this phase.
                node = self._head[path.pop() ^ 1]
                open_edge[node] = next(following[node], -1)
            elif self._left[edge] > 0 and level[self._head[edge]] == level[node] + 1:
                path.append(edge)
                node = self._head[edge]
            else:
                open_edge[node] = next(following[node], -1)
        pushed = min(self._left[edge] for edge in path)
        for edge in path:
            self._left[edge] -= pushed
            self._left[edge ^ 1] += pushed
        return pushed
