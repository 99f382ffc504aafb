"""Make a study and look after it: import, splits, health check, removal."""
