"""What nobody at custody does alone: re-identify, rotate epochs. One person asks, two others approve."""
