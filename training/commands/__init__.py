"""The commands of ``python -m training``, a module each, with ``add_arguments`` and ``run``."""
