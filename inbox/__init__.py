"""The inbox: where operators post by themselves. Writes to landing, and to nothing else."""
