"""The pure reducer that interprets a workflow: facts in, commands out. Standard library only."""
