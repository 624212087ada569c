"""Scenes: rows that draw themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import GasError
from ..recipe.networkx_graphs import to_networkx

if TYPE_CHECKING:
    import networkx


class Scene(dict[str, Any]):
    """A row of a dataset: a dictionary with its columns, and what notebooks show of it.

    Any row is made one by `Scene(row)`, such as a row of `load_dataset`.

    >>> from generate_any_scene import Scene
    >>> row = Scene({"id": "mine/train/000000000", "caption": "A red ball."})
    >>> row.caption, row == dict(row)
    ('A red ball.', True)
    """

    __slots__ = ()

    @property
    def id(self) -> str:
        """The scene's `<config>/<split>/<index>`."""
        text: str = self["id"]
        return text

    @property
    def caption(self) -> str:
        """The scene in words."""
        text: str = self["caption"]
        return text

    @property
    def graph(self) -> dict[str, Any]:
        """The scene graph: `objects` and `relations`."""
        graph: dict[str, Any] = self["scene_graph"]
        return graph

    @property
    def questions(self) -> list[dict[str, Any]]:
        """The questions with their answers."""
        questions: list[dict[str, Any]] = self["questions"]
        return questions

    @property
    def pair(self) -> dict[str, Any] | None:
        """The scene with one thing changed; None where nothing can be, or the recipe asks for no `pairs`."""
        return self.get("pair")

    @property
    def edit(self) -> dict[str, Any] | None:
        """How to make the pair's picture of the scene's; None where no pair is, or the recipe asks for no `edits`."""
        return self.get("edit")

    def to_networkx(self) -> networkx.DiGraph:
        """Turns the scene graph into one of networkx; see `to_networkx`.

        >>> from generate_any_scene import scene
        >>> scene("sandbox", 1).to_networkx().number_of_nodes()
        3

        Raises:
            GasError: The row has no scene graph.
        """
        return to_networkx(self)

    def svg(self) -> str:
        """Draws the scene graph.

        >>> from generate_any_scene import scene
        >>> scene("sandbox", 1).svg().startswith("<svg ")
        True

        Returns:
            An SVG picture, the same on every machine.

        Raises:
            GasError: The row has no scene graph.
        """
        from ..drawing.scene_graphs import draw_graph

        if "scene_graph" not in self:
            raise GasError("this row has no `scene_graph` to draw; take one of a config that has it")
        return draw_graph({"scene_attributes": [], **self}, self.get("caption", "scene graph"))

    def _repr_html_(self) -> str:
        from ..drawing.notebooks import write_rows

        return write_rows([self])
