"""Reading deliveries: manifests, headers, and rows of every form, as text."""
