"""The stages of the method on a study: read what came before, compute, record. One file a stage."""
