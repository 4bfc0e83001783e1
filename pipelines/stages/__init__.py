"""The stages, one verb a file. They hand over through stored tables and never call each other."""
