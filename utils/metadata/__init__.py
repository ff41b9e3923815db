"""Facts from the tools' reports: pure functions, none of which opens a file."""
