"""Item-item movie recommendation: data, splits, similarity methods, metrics, the model and its registry client."""

__version__ = "0.1.0"
