"""What nobody at custody does alone: re-identification and the rotation of epochs, each asked by one, approved by two."""
