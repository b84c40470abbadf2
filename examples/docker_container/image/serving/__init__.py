"""How the app server of a site works: how many workers it has, how one begins, and how one ends."""
