"""Files of other people, in and out: one module a format."""
