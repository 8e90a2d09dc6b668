"""Results folders, figures and the report that is written from them."""
