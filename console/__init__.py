from console.application import create_application
from console.services import Services

__all__ = ["Services", "create_application"]
