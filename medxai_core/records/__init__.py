"""What each stage recorded in a study: one file a stage, `record_`, `get_` and `list_` functions."""
