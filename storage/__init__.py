"""Tables, migrations, frontier, blobs and evidence bundles."""
