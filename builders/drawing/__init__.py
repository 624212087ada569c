"""Pictures as SVG, the same bytes everywhere: bar charts, scene graphs, structures, whole rows; and PNG of these.

`colors.py` has the one set of colors, light and dark; `layers.py` says where the nodes of a graph stand. Others take
`draw_chart` (`bar_charts.py`), `draw_graph` (`scene_graphs.py`), `draw_scenes` and `draw_tile` (`scenes.py`),
`draw_structures` (`structures.py`) and `write_png` (`png.py`). The README's picture is of `rows.py`. Histograms alone
are drawn by matplotlib (`figures.py`).
"""
