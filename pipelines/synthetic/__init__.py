"""An invented county: people, families, and what its departments say about them, with all the usual dirt."""
