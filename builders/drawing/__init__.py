"""SVG, the same bytes everywhere: charts of bars, scene graphs, structures."""
