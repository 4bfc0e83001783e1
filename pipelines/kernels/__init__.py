"""Pure frame-in frame-out kernels: what a value, a record, a batch means; no file, no database."""
