"""What an operator sets in a file, for the agent: which settings there are, and how they are read."""
