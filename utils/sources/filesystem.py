"""On what a folder lies: a disk of this machine, or a share of another, as Linux tells it."""

from __future__ import annotations

import re
from pathlib import Path

# What other machines write to, unheard by inotify.
_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|9p|afs|ceph|lustre|gfs2?|ocfs2|virtiofs|vboxsf|davfs"
    r"|fuse\.(sshfs|rclone|s3fs|davfs2?|glusterfs|vmhgfs-fuse|smbnetfs|gcsfuse|blobfuse\d?|curlftpfs|mergerfs)"
)
_ESCAPED = re.compile(r"\\([0-7]{3})")


def kind_of(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str | None:
    """The type of the file system that a folder lies on; None where nobody tells."""
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:  # no Linux
        return None
    place, found, longest = str(folder.resolve()), None, -1
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        mount = _ESCAPED.sub(lambda octal: chr(int(octal[1], 8)), fields[4])
        is_around = mount == "/" or place == mount or place.startswith(f"{mount}/")
        if is_around and len(mount) >= longest:  # of two at one place, the later hides the other
            found, longest = after.split(" ")[0], len(mount)
    return found


def is_network(kind: str | None) -> bool:
    """True for file systems whose changes on other machines nobody is told of."""
    return kind is not None and bool(_NETWORK.fullmatch(kind))
