from .sca import Sca

__all__ = ["Sca"]
