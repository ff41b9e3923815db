"""Sources out of files of other programs: what could be mapped, and what not, and why."""
