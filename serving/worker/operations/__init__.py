"""What an operator asks for: health, a reload, a comparison of versions."""
