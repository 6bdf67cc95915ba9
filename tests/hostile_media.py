"""Addresses that a malicious host, server or page may name, and that no seat may open."""

from __future__ import annotations

import shutil
import subprocess
from typing import Final

KNOWN_SCHEMES: Final = (
    *("cdda", "rtmp", "rtsp", "rtsps", "mms", "mmst", "mmsh", "mmshttp", "rtp", "httpproxy"),
    *("rtmpe", "rtmps", "rtmpt", "rtmpte", "rtmpts", "srt", "rist", "srtp", "gopher", "gophers"),
    *("data", "ipfs", "ipns", "lavf", "ffmpeg", "udp", "ftp", "tcp", "tls", "unix", "sftp"),
    *("md5", "concat", "smb", "avdevice", "av", "dvb", "file", "dvd", "dvdnav", "bd", "br"),
    *("bluray", "bdnav", "brnav", "bluraynav", "archive", "memory", "hex", "null", "mf", "edl"),
    *("appending", "slice", "fd", "fdclose", "tv", "pvr", "v4l2", "ytdl", "ytdl_hook", "crypto"),
    *("cache", "async", "subfile", "pipe", "javascript", "about", "blob", "ws", "wss"),
)
"""What one build or another of mpv, of libavformat or of a browser opens."""

THIS_MACHINE: Final = (
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "localhost",
    "LOCALHOST.",
    "a.localhost",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "127.0.0.1.",
    "%31%32%37.0.0.1",
)
LOCAL_NETWORK: Final = (
    "10.0.0.1",
    "10.1",
    "167772161",
    "172.16.0.1",
    "192.168.1.1",
    "0xc0a80101",
    "3232235777",
    "192.168.257",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.8",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fc00::1]",
    "[fd12:3456::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[::ffff:192.168.1.1]",
    "[64:ff9b::c0a8:101]",
    "[2002:c0a8:101::]",
    "router",
    "nas.local",
    "nas.lan",
    "printer.home",
    "metadata.internal",
)
BENT: Final = (
    "https://user@films.example.com/f.mp4",
    "https://films.example.com\\@127.0.0.1/f.mp4",
    "https://films.example.com:80@127.0.0.1/f.mp4",
    "https://127.0.0.1#@films.example.com/f.mp4",
    "https://films.example.com/f.mp4\nfile:///etc/passwd",
    "https://films.example.com/f.mp4 --script=x",
    "https://films.example.com/#__youtubedl_smuggle=%7B%7D",
    "https:///etc/passwd",
    "https:/etc/passwd",
    "//127.0.0.1/f.mp4",
    "/etc/passwd",
    "../../etc/passwd",
    "~/film.mkv",
    "C:\\film.mkv",
    "\\\\nas\\film.mkv",
    "-",
    "--script=/tmp/x.lua",
    "film.mkv",
    "",
    "http://films.example.com/f.mp4",
)
"""Not what they look like, no address at all, or without encryption."""


def schemes() -> list[str]:
    """All that are known, and those that the mpv of this machine lists."""
    found = set(KNOWN_SCHEMES)
    program = shutil.which("mpv")
    if program:
        listed = subprocess.run(
            [program, "--no-config", "--list-protocols"], capture_output=True, text=True, check=True
        )
        found |= {word.removesuffix("://") for word in listed.stdout.split() if "://" in word}
    return sorted(found - {"http", "https"})


def hostile_addresses() -> list[str]:
    """The whole list: every scheme in two spellings, this machine, its network, bent ones."""
    return [
        *(f"{scheme}:///etc/passwd" for scheme in schemes()),
        *(f"{scheme.upper()}://films.example.com/f.mp4" for scheme in schemes()),
        *("av:lavfi:testsrc", "data:video/mp4;base64,AAAA", "file:/etc/passwd"),
        *(f"https://{host}/f.mp4" for host in (*THIS_MACHINE, *LOCAL_NETWORK)),
        *BENT,
    ]


def hostile_lists(target: str) -> dict[str, str]:
    """Name and content of playlists that lead to ``target``, a file's path or an address."""
    return {
        "hls.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n",
        "variants.m3u8": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{target}\n",
        "key.m3u8": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF:9,\na.ts\n',
        "map.m3u8": f'#EXTM3U\n#EXT-X-MAP:URI="{target}"\n#EXTINF:9,\na.ts\n',
        "sound.m3u8": f'#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="{target}"\n',
        "base.mpd": f"<?xml version='1.0'?><MPD><BaseURL>{target}</BaseURL></MPD>",
        "media.mpd": f'<MPD><SegmentTemplate media="{target}"/></MPD>',
        "plain.m3u": f"{target}\n",
        "list.pls": f"[playlist]\nFile1={target}\nNumberOfEntries=1\n",
        "film.edl": f"# mpv EDL v0\n{target}\n",
        "disc.cue": f'FILE "{target}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
        "parts.ffconcat": f"ffconcat version 1.0\nfile '{target}'\n",
        "links.asx": f'<asx version="3.0"><entry><ref href="{target}"/></entry></asx>',
        "links.xspf": f'<?xml version="1.0"?><playlist><location>{target}</location></playlist>',
        "link.url": f"[InternetShortcut]\nURL={target}\n",
        "net.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    }
