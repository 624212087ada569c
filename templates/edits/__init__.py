"""Templates of instructions, one an edit; a macro for each way to put it."""
