"""Pages as they are stored: their rows, texts, likeness, pictures, and judging them again."""
