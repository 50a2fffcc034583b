"""Looking at a table without downloading it: rows, a chart, a map. Drawn here as HTML and SVG, read without scripts."""
