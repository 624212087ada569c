"""Question templates, one a kind of question; a macro for each form."""
