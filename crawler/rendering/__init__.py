"""Pages in a browser: when one is asked, what it may load, what it shows, and photographs of leads."""
