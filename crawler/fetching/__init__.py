"""Getting one URL: politeness, robots.txt, redirects, limits, and the control when a page seems gone."""
