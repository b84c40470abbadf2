"""What the launcher does on the host: it talks to the engine, to git and to the front proxy. Standard library only."""
