"""What runs unattended: nights, rechecks and rescores, their processes, timetable and workers."""
