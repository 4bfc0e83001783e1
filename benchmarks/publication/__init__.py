"""How a publication is stored and what it costs: layouts with readers at work, and COPY of the same rows beside it."""
