"""A small container engine for machines without one: what the launcher asks of Docker, by buildah and namespaces.

Images are real, and so are containers: a root file system of their own, read-only if asked for, processes, mounts and
network that see nobody else's, and no more rights than were given. Only root can use it.
"""
