"""The shapes, colors, sizes and places of the exam's scenes."""
