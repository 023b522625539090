"""What a page says, from the bytes that came: its outcome, text, title, time, links and who is behind it."""
