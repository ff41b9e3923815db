"""ComfyUI on loopback: HTTP and websocket as version 0.8.0 speaks them; misbehaves on demand.

Shapes were recorded of a real server on the CPU. It runs no model: what a graph asks for comes as a
picture of the size that the graph names. The same graph is answered from a cache, under the name of
the file that was made first.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import struct
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from PIL import Image

CHECKPOINT = "sd_xl_base_1.0.safetensors"


def _integer(default: int, **more: Any) -> list[Any]:
    return ["INT", {"default": default, "min": 0, "max": 2**64 - 1, **more}]


def object_info() -> dict[str, dict[str, Any]]:
    """What it says of the classes of our workflows: the required inputs of each."""
    required: dict[str, dict[str, Any]] = {
        "EmptyImage": {"width": _integer(512), "height": _integer(512), "batch_size": _integer(1),
                       "color": _integer(0, display="color")},
        "SaveImage": {"images": ["IMAGE", {}], "filename_prefix": ["STRING", {"default": "C"}]},
        "CheckpointLoaderSimple": {"ckpt_name": [[CHECKPOINT], {"tooltip": "The name."}]},
        "CLIPTextEncode": {"text": ["STRING", {"multiline": True}], "clip": ["CLIP", {}]},
        "EmptyLatentImage": {"width": _integer(512), "height": _integer(512),
                             "batch_size": _integer(1)},
        "KSampler": {
            "model": ["MODEL", {}], "seed": _integer(0), "steps": _integer(20),
            "cfg": ["FLOAT", {"default": 8.0}],
            "sampler_name": [["euler", "dpmpp_2m"], {}],
            "scheduler": ["COMBO", {"options": ["normal", "karras"]}],
            "positive": ["CONDITIONING", {}], "negative": ["CONDITIONING", {}],
            "latent_image": ["LATENT", {}], "denoise": ["FLOAT", {"default": 1.0}],
        },
        "VAEDecode": {"samples": ["LATENT", {}], "vae": ["VAE", {}]},
        "VAEEncode": {"pixels": ["IMAGE", {}], "vae": ["VAE", {}]},
        "LoadImage": {"image": [["example.png"], {"image_upload": True}]},
        "ImageScale": {"image": ["IMAGE", {}], "upscale_method": [["nearest-exact", "lanczos"]],
                       "width": _integer(512), "height": _integer(512),
                       "crop": [["disabled", "center"]]},
    }  # fmt: skip
    return {
        name: {"input": {"required": inputs}, "name": name, "output_node": name == "SaveImage"}
        for name, inputs in required.items()
    }


@dataclass
class Moods:
    """How it misbehaves; counts go down by one each time."""

    never_ends: bool = False
    forgets: int = 0  # jobs that are gone after a restart
    loses: int = 0  # files that are 404
    cuts: int = 0  # files of which half comes
    loses_answers: int = 0  # to jobs that it has taken
    away: int = 0  # answers 503 while it starts
    without_socket: bool = False
    drops_socket: bool = False
    is_old: bool = False  # of 2023: ids of its own, no status, other messages
    error: dict[str, Any] | None = None  # of a node that fails
    refusal: dict[str, Any] | None = None  # instead of taking a graph
    content: bytes | None = None  # instead of a picture
    size: tuple[int, int] | None = None  # instead of the one that was asked for
    is_black: bool = False
    token: str | None = None


class Comfy:
    """A running server: what it holds, how it behaves, what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.moods = Moods()
        self.info = object_info()
        self.submitted: list[dict[str, Any]] = []
        self.uploaded: dict[str, bytes] = {}
        self.running: dict[str, dict[str, Any]] = {}
        self.pending: list[str] = []  # of others, or of ours while it never ends
        self.history: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}
        self.interrupted: list[str] = []
        self.deleted: list[str] = []
        self.cache: dict[str, list[dict[str, str]]] = {}
        self.sockets: dict[str, Any] = {}
        self.guard = threading.RLock()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """The status and the document, or bytes, of a request."""
        parts = urlsplit(path)
        name, query = unquote(parts.path), parse_qs(parts.query)
        with self.guard:
            if self.moods.away > 0:
                self.moods.away -= 1
                return 503, b"starting"
            if method == "POST":
                return self._taken(name, body)
            if name == "/system_stats":
                return 200, {"system": {"os": "posix", "comfyui_version": "0.8.0"}, "devices": []}
            if name == "/queue":
                running = [[0, job, graph, {}, []] for job, graph in self.running.items()]
                pending = [[1, job, {}, {}, []] for job in self.pending]
                return 200, {"queue_running": running, "queue_pending": pending}
            for start, known in (("/object_info/", self.info), ("/history/", self.history)):
                if name.startswith(start):
                    wanted = name.removeprefix(start)
                    return 200, {wanted: known[wanted]} if wanted in known else {}
            return self._viewed(query) if name == "/view" else (404, b"")

    def _viewed(self, query: dict[str, list[str]]) -> tuple[int, Any]:
        if self.moods.loses > 0:
            self.moods.loses -= 1
            return 404, b""
        file = "/".join(filter(None, (query.get("subfolder", [""])[0], query["filename"][0])))
        return (200, self.files[file]) if file in self.files else (404, b"")

    def _taken(self, name: str, body: bytes) -> tuple[int, Any]:
        if name == "/upload/image":
            return self._uploaded(body)
        try:
            told = json.loads(body or b"{}")
        except ValueError:
            return 500, b"500 Internal Server Error\n\nServer got itself in trouble"
        if name == "/queue":
            self.deleted += told.get("delete", [])
            self.pending = [job for job in self.pending if job not in self.deleted]
        elif name == "/interrupt":
            job = told.get("prompt_id")
            if job in self.running:
                self.interrupted.append(job)
                self._failed(
                    job, "execution_interrupted", {"node_id": "3", "node_type": "KSampler"}
                )
        elif name == "/prompt":
            answer = self._submitted(told)
            if self.moods.loses_answers > 0:
                self.moods.loses_answers -= 1
                return 502, b"the proxy lost it"
            return answer
        return 200, b""

    def _uploaded(self, body: bytes) -> tuple[int, Any]:
        form = re.search(rb'name="image"; filename="([^"]+)".*?\r\n\r\n(.*?)\r\n--', body, re.S)
        filename = form[1].decode()
        self.uploaded[filename] = form[2]
        return 200, {"name": filename, "subfolder": "nightshift", "type": "input"}

    def _submitted(self, told: dict[str, Any]) -> tuple[int, Any]:
        if self.moods.refusal is not None:
            return 400, self.moods.refusal
        graph = told["prompt"]
        for number, node in graph.items():
            if node["class_type"] not in self.info:
                message = f"Cannot execute because node {node['class_type']} does not exist."
                error = {"type": "invalid_prompt", "message": message,
                         "details": f"Node ID '#{number}'", "extra_info": {}}  # fmt: skip
                return 400, {"error": error, "node_errors": {}}
        job = str(uuid.uuid4()) if self.moods.is_old else told["prompt_id"]
        self.submitted.append({"job": job, **told})
        self.running[job] = graph
        threading.Thread(
            target=self._work, args=(job, graph, told.get("client_id")), daemon=True
        ).start()
        return 200, {"prompt_id": job, "number": len(self.submitted), "node_errors": {}}

    def _work(self, job: str, graph: dict[str, Any], client: str | None) -> None:
        with self.guard:  # after the answer to who submitted it
            moods = self.moods
            self.tell(client, "execution_start", {"prompt_id": job})
            if moods.drops_socket:
                self.hang_up()
            if moods.forgets > 0:
                moods.forgets -= 1
                self.running.clear()
                self.hang_up()
                return
            if moods.never_ends:
                self.tell(client, "executing", {"node": "3", "prompt_id": job})
                return
            known = json.dumps(graph, sort_keys=True)
            cached = list(graph) if known in self.cache else []
            self.tell(client, "execution_cached", {"nodes": cached, "prompt_id": job})
            self._progress(job, graph, client)
            if moods.error is not None:
                self._failed(job, "execution_error", moods.error)
            else:
                self.cache.setdefault(known, [self._made(graph)])
                self._ended(job, graph, self.cache[known])
            self.tell(client, "executing", {"node": None, "prompt_id": job})

    def _progress(self, job: str, graph: dict[str, Any], client: str | None) -> None:
        for number in graph:
            state = {"value": 1.0, "max": 1.0, "state": "finished", "node_id": number}
            kind = "progress" if self.moods.is_old else "progress_state"
            told = {"node": number, **state} if self.moods.is_old else {"nodes": {number: state}}
            self.tell(client, kind, {"prompt_id": job, **told})

    def _made(self, graph: dict[str, Any]) -> dict[str, str]:
        (saving,) = (node for node in graph.values() if node["class_type"] == "SaveImage")
        sized = [node["inputs"] for node in graph.values() if "width" in node["inputs"]]
        size = self.moods.size or (sized[0]["width"], sized[0]["height"])
        seen = Image.new("L", size) if self.moods.is_black else Image.linear_gradient("L")
        content = io.BytesIO()
        seen.resize(size).convert("RGB").save(content, "PNG")
        folder, _, prefix = saving["inputs"]["filename_prefix"].rpartition("/")
        name = f"{prefix}_{len(self.files) + 1:05}_.png"
        self.files["/".join(filter(None, (folder, name)))] = (
            self.moods.content or content.getvalue()
        )
        return {"filename": name, "subfolder": folder, "type": "output"}

    def _ended(self, job: str, graph: dict[str, Any], images: list[dict[str, str]]) -> None:
        (output,) = (one for one, node in graph.items() if node["class_type"] == "SaveImage")
        self.running.pop(job, None)
        told: dict[str, Any] = {"prompt": [0, job, graph, {}, [output]],
                                "outputs": {output: {"images": images}}}  # fmt: skip
        if not self.moods.is_old:
            told["status"] = {"status_str": "success", "completed": True, "messages": []}
        self.history[job] = told

    def _failed(self, job: str, event: str, error: dict[str, Any]) -> None:
        graph = self.running.pop(job, {})
        messages = [["execution_start", {"prompt_id": job}], [event, {"prompt_id": job, **error}]]
        status = {"status_str": "error", "completed": False, "messages": messages}
        self.history[job] = {"prompt": [0, job, graph, {}, []], "outputs": {}, "status": status}

    def tell(self, client: str | None, kind: str, data: dict[str, Any]) -> None:
        """Send a message to a client's websocket."""
        if (socket := self.sockets.get(client or "")) is not None:
            with suppress(OSError):
                socket.sendall(_frame(1, json.dumps({"type": kind, "data": data}).encode()))

    def hang_up(self) -> None:
        """Close all websockets without a word."""
        for socket in list(self.sockets.values()):
            with suppress(OSError):
                socket.shutdown(2)
        self.sockets.clear()


def node_error(message: str, kind: str = "RuntimeError") -> dict[str, Any]:
    """What it says of a node that failed, as recorded."""
    return {"node_id": "3", "node_type": "KSampler", "executed": ["4", "6"],
            "exception_message": message, "exception_type": kind,
            "traceback": ["  File \"/srv/execution.py\", line 518, in execute\n"],
            "current_inputs": {}, "current_outputs": []}  # fmt: skip


def refusal() -> dict[str, Any]:
    """The answer 400 to a graph with a value out of its bounds, as recorded."""
    fault = {"type": "value_smaller_than_min", "message": "Value -5 smaller than min of 1",
             "details": "width", "extra_info": {"input_name": "width"}}  # fmt: skip
    error = {"type": "prompt_outputs_failed_validation", "details": "", "extra_info": {},
             "message": "Prompt outputs failed validation"}  # fmt: skip
    node = {"errors": [fault], "dependent_outputs": ["9"], "class_type": "EmptyLatentImage"}
    return {"error": error, "node_errors": {"5": node}}


def _frame(kind: int, payload: bytes) -> bytes:
    size = len(payload)
    length = struct.pack("!B", size) if size < 126 else struct.pack("!BH", 126, size)
    return struct.pack("!B", 0x80 | kind) + length + payload


@contextmanager
def comfyui() -> Iterator[Comfy]:
    """A server until the block ends, on a free port."""
    comfy = Comfy()

    class Http(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16
        disable_nagle_algorithm = True

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            wanted, given = comfy.moods.token, self.headers.get("Authorization")
            if wanted and given != f"Bearer {wanted}":
                self._send(401, b"no")
            elif self.path.startswith("/ws"):
                self._socket()
            else:
                with comfy.guard:  # a job begins once its submission is answered
                    status, told = comfy.answer(self.command, self.path, body)
                    self._send(status, told)

        def _send(self, status: int, told: Any) -> None:
            content = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if comfy.moods.cuts > 0 and self.path.startswith("/view"):
                comfy.moods.cuts -= 1
                content, self.close_connection = content[: len(content) // 2], True
            self.wfile.write(content)
            self.wfile.flush()

        def _socket(self) -> None:
            self.close_connection = True
            if comfy.moods.without_socket:
                self._send(404, b"")
                return
            key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.send_header("Sec-WebSocket-Accept", accept)
            self.end_headers()
            self.wfile.flush()
            client = parse_qs(urlsplit(self.path).query)["clientId"][0]
            with comfy.guard:
                comfy.sockets[client] = self.connection
            comfy.tell(client, "status", {"status": {"exec_info": {"queue_remaining": 0}}})
            with suppress(OSError):
                while (head := self.rfile.read(2)) and len(head) == 2:
                    self.rfile.read(4 + (head[1] & 0x7F))  # masked, and short: pings and the end
                    if head[0] & 0x0F == 8:
                        self.connection.sendall(_frame(8, struct.pack("!H", 1000)))
                        break
            comfy.sockets.pop(client, None)

        do_GET = do_POST = respond

        def log_message(self, *_: Any) -> None: ...

    http = ThreadingHTTPServer(("127.0.0.1", 0), Http)
    http.daemon_threads = True
    comfy.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield comfy
    finally:
        comfy.hang_up()
        http.shutdown()
        thread.join()
        http.server_close()
