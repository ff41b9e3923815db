"""What files are by their names: the one table of suffixes, the same on every machine.

Python's ``mimetypes`` asks the host's table, so that a folder held other items on other machines.
"""

from __future__ import annotations

from pathlib import Path

from utils.models.item import MediaKind

_VIDEO = """
    .264 .265 .266 .360 .3g2 .3gp .3gp2 .3gpp .amv .asf .av1 .avc .avi .dav .dif .divx .dv .dvr-ms
    .evo .f4p .f4v .flv .gxf .h261 .h263 .h264 .h265 .h266 .hevc .insv .ismv .ivf .ivr .lrv .m1v
    .m2p .m2t .m2ts .m2v .m4v .mj2 .mjp2 .mjpeg .mjpg .mk3d .mkv .mod .mov .mp4 .mp4v .mpe .mpeg
    .mpeg2 .mpeg4 .mpg .mpv .mqv .mts .mxf .nsv .nut .nuv .obu .ogm .ogv .pva .qt .rm .rmvb .tod .tp
    .trp .ts .vc1 .vdr .vob .vro .vvc .webm .wm .wmv .wtv .y4m
"""
_AUDIO = """
    .3ga .aa3 .aac .ac3 .adts .aif .aifc .aiff .amr .ape .at3 .au .awb .bwf .caf .dff .dsf .dss .dts
    .dtshd .eac3 .ec3 .f4a .f4b .flac .gsm .latm .loas .m4a .m4b .m4p .m4r .mka .mlp .mp1 .mp2 .mp3
    .mp+ .mpa .mpc .mpga .oga .ogg .oma .opus .qcp .ra .rf64 .shn .snd .spx .tak .thd .truehd .tta
    .voc .vqf .w64 .wav .wave .weba .wma .wv .xwma
"""
_IMAGE = """
    .apng .avif .avifs .bmp .btf .cur .dds .dib .dpx .exr .gif .hdr .heic .heics .heif .heifs .hif
    .ico .j2c .j2k .jfif .jfi .jif .jls .jp2 .jpc .jpe .jpeg .jpf .jpg .jps .jpx .jxl .mpo .pam .pbm
    .pcd .pcx .pfm .pgm .pjp .pjpeg .png .pnm .ppm .psb .psd .qoi .ras .sgi .tf8 .tga .tif .tiff
    .wbmp .webp .xbm .xpm .xwd
"""
# What cameras' sensors saw, undeveloped.
_RAW = """
    .3fr .ari .arw .bay .cap .cr2 .cr3 .crw .dcr .dcs .dng .drf .erf .fff .gpr .iiq .k25 .kdc .mdc
    .mef .mos .mrw .nef .nrw .orf .ori .pef .ptx .pxn .raf .raw .rw2 .rwl .rwz .sr2 .srf .srw .x3f
"""
RAW = frozenset(_RAW.split())
KINDS = {
    **dict.fromkeys(_VIDEO.split(), MediaKind.VIDEO),
    **dict.fromkeys(_AUDIO.split(), MediaKind.AUDIO),
    **dict.fromkeys(_IMAGE.split(), MediaKind.IMAGE),
    **dict.fromkeys(RAW, MediaKind.IMAGE),
}
# Stand beside an item and are read with it: subtitles, captions and edits of its pictures.
BESIDE = frozenset({".srt", ".vtt", ".ass", ".ssa", ".lrc", ".xmp", ".aae", ".thm"})


def kind_of(path: Path) -> MediaKind | None:
    """What a file's name says that it is; None if it names no media."""
    return KINDS.get(path.suffix.lower())
