"""Makes the modules beside this file importable by tests in the folders below."""
