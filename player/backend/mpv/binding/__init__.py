"""Binding to libmpv: the only importer of python-mpv."""
