"""SVG, the same bytes everywhere: bar charts, scene graphs, whole rows. And PNG of scene graphs and structures.

Others take `draw_charts` (`bar_charts.py`), `draw_graph` (`scene_graphs.py`), `draw_scenes` and `draw_structures`
(`figures.py`, by matplotlib). The README's picture is of `rows.py`.
"""
