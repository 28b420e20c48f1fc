"""Pages for people: what a project holds, without scripts, signed in with a token or not."""
