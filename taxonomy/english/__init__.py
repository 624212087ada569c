"""English by rules: inflection, numerals, phrases of scene attributes. No file here imports a library of words."""
