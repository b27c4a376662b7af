"""Measuring an exported bundle: what on (`sets`), how (`measure`), figures, tables, pictures of it."""
