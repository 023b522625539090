"""The desk in a browser: pages rendered here, no build step, nothing fetched from anywhere else."""
