"""The tables of frames in a video's own SQLite database, which another program reads.

Each statement stands here, and what a row must have that we write: a table that another program
made may have more columns, as long as it does not demand them.
"""

from __future__ import annotations

STATUS, FRAMES, TEXTS, LAYOUT, CROPS, MADE = (
    *("processing_status", "full_frames", "full_frame_ocr"),
    *("video_layout_config", "cropped_frames", "frames_made"),
)

TABLES = {
    STATUS: """
        CREATE TABLE processing_status (
            id INTEGER PRIMARY KEY,
            job TEXT,
            flow_run_id TEXT,
            status TEXT NOT NULL,
            progress REAL NOT NULL DEFAULT 0.0,
            attempts INTEGER NOT NULL DEFAULT 0,
            heartbeat_at TEXT,
            started_at TEXT,
            completed_at TEXT,
            error_message TEXT,
            error_details TEXT
        )""",
    FRAMES: """
        CREATE TABLE full_frames (
            frame_index INTEGER PRIMARY KEY,
            image_data BLOB NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            file_size INTEGER NOT NULL,
            created_at TEXT NOT NULL DEFAULT (datetime('now'))
        )""",
    TEXTS: """
        CREATE TABLE full_frame_ocr (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            frame_index INTEGER NOT NULL,
            box_index INTEGER NOT NULL,
            text TEXT NOT NULL,
            confidence REAL NOT NULL,
            x REAL NOT NULL,
            y REAL NOT NULL,
            width REAL NOT NULL,
            height REAL NOT NULL,
            timestamp_seconds REAL NOT NULL,
            UNIQUE (frame_index, box_index)
        )""",
    LAYOUT: """
        CREATE TABLE video_layout_config (
            id INTEGER PRIMARY KEY,
            frame_width INTEGER NOT NULL,
            frame_height INTEGER NOT NULL,
            crop_left INTEGER NOT NULL,
            crop_top INTEGER NOT NULL,
            crop_right INTEGER NOT NULL,
            crop_bottom INTEGER NOT NULL,
            crop_bounds_version INTEGER NOT NULL DEFAULT 1,
            updated_at TEXT NOT NULL DEFAULT (datetime('now'))
        )""",
    CROPS: """
        CREATE TABLE cropped_frames (
            frame_index INTEGER PRIMARY KEY,
            image_data BLOB NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            file_size INTEGER NOT NULL,
            crop_left INTEGER NOT NULL,
            crop_top INTEGER NOT NULL,
            crop_right INTEGER NOT NULL,
            crop_bottom INTEGER NOT NULL,
            crop_bounds_version INTEGER NOT NULL,
            created_at TEXT NOT NULL DEFAULT (datetime('now'))
        )""",
    MADE: """
        CREATE TABLE frames_made (
            job TEXT PRIMARY KEY,
            made_of TEXT NOT NULL,
            frame_count INTEGER NOT NULL,
            made_at TEXT NOT NULL
        )""",
}

# The columns that we write, of which each must be there.
WRITTEN = {
    STATUS: ("id", "status", "progress", "attempts", "heartbeat_at", "started_at", "completed_at",
             "error_message", "error_details", "job", "flow_run_id"),
    FRAMES: ("frame_index", "image_data", "width", "height", "file_size", "created_at"),
    TEXTS: ("frame_index", "box_index", "text", "confidence", "x", "y", "width", "height",
            "timestamp_seconds"),
    LAYOUT: ("id", "frame_width", "frame_height", "crop_left", "crop_top", "crop_right",
             "crop_bottom", "crop_bounds_version", "updated_at"),
    CROPS: ("frame_index", "image_data", "width", "height", "file_size", "crop_left", "crop_top",
            "crop_right", "crop_bottom", "crop_bounds_version", "created_at"),
    MADE: ("job", "made_of", "frame_count", "made_at"),
}  # fmt: skip


def inserted(table: str) -> str:
    """The statement that writes a row of a table, by the names of its columns."""
    names = WRITTEN[table]
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(f':{n}' for n in names)})"
