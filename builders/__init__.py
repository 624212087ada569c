"""The engine: from a recipe to structures, content, captions and questions, and to a dataset for the Hub."""
