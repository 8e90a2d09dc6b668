"""Files that other programs read and write: maps (GeoJSON) and aid activities (IATI)."""
