"""CTranslate2's whisper weights as a checkpoint that openai-whisper can load."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

Tensors = dict[str, np.ndarray[Any, Any]]


def convert(source: Path, target: Path) -> None:
    """Read CTranslate2's ``model.bin`` and save it as openai-whisper's ``.pt``."""
    import torch

    state = {
        name: torch.from_numpy(np.array(values, dtype=np.float16))
        for name, values in state_dict(read(source)).items()
    }
    torch.save({"dims": dimensions(state), "model_state_dict": state}, target)


def read(path: Path) -> Tensors:
    """All variables of a CTranslate2 model.bin, by name.

    The format (ctranslate2/specs/model_spec.py, ``_serialize``): version, specification name,
    revision, then for each variable its name, shape, type and bytes, then aliases.
    """
    data = memoryview(path.read_bytes())
    position = 0

    def number(form: str) -> int:
        nonlocal position
        (value,) = struct.unpack_from(form, data, position)
        position += struct.calcsize(form)
        return int(value)

    def text() -> str:
        nonlocal position
        length = number("<H")
        value = bytes(data[position : position + length - 1]).decode()
        position += length
        return value

    types = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
    number("<I")
    text()
    number("<I")
    variables: Tensors = {}
    for _ in range(number("<I")):
        name = text()
        shape = [number("<I") for _ in range(number("<B"))]
        kind = types[number("<B")]
        size = number("<I")
        variables[name] = np.frombuffer(data[position : position + size], dtype=kind).reshape(shape)
        position += size
    for _ in range(number("<I")):
        alias, name = text(), text()
        variables[alias] = variables[name]
    return variables


def state_dict(tensors: Tensors) -> Tensors:
    """Rename and un-fuse CTranslate2's tensors into openai-whisper's names."""
    state: Tensors = {}
    for number in (1, 2):
        _linear(state, f"encoder.conv{number}", tensors, f"encoder/conv{number}")
    state["encoder.positional_embedding"] = tensors["encoder/position_encodings/encodings"]
    state["decoder.positional_embedding"] = tensors["decoder/position_encodings/encodings"]
    state["decoder.token_embedding.weight"] = tensors["decoder/embeddings/weight"]
    _norm(state, "encoder.ln_post", tensors, "encoder/layer_norm")
    _norm(state, "decoder.ln", tensors, "decoder/layer_norm")
    for side in ("encoder", "decoder"):
        for number in range(_layers(tensors, side)):
            _block(state, f"{side}.blocks.{number}", tensors, f"{side}/layer_{number}")
    return state


def dimensions(state: dict[str, Any]) -> dict[str, int]:
    """openai-whisper's ``ModelDimensions``, read off the tensors; a head is 64 wide."""
    audio_width = state["encoder.ln_post.weight"].shape[0]
    text_width = state["decoder.ln.weight"].shape[0]
    return {
        "n_mels": state["encoder.conv1.weight"].shape[1],
        "n_audio_ctx": state["encoder.positional_embedding"].shape[0],
        "n_audio_state": audio_width,
        "n_audio_head": audio_width // 64,
        "n_audio_layer": sum(
            n.startswith("encoder.") and n.endswith("attn_ln.bias") for n in state
        ),
        "n_vocab": state["decoder.token_embedding.weight"].shape[0],
        "n_text_ctx": state["decoder.positional_embedding"].shape[0],
        "n_text_state": text_width,
        "n_text_head": text_width // 64,
        "n_text_layer": sum(
            n.startswith("decoder.") and n.endswith(".attn_ln.bias") for n in state
        ),
    }


def _layers(tensors: Tensors, side: str) -> int:
    return sum(
        name.startswith(f"{side}/layer_") and name.endswith("/self_attention/layer_norm/beta")
        for name in tensors
    )


def _block(state: Tensors, ours: str, tensors: Tensors, theirs: str) -> None:
    """One transformer layer: self attention, in a decoder cross attention, two linears."""
    fused = f"{theirs}/self_attention"
    _attention(
        state,
        f"{ours}.attn",
        np.split(tensors[f"{fused}/linear_0/weight"], 3),
        np.split(tensors[f"{fused}/linear_0/bias"], 3),
    )
    _linear(state, f"{ours}.attn.out", tensors, f"{fused}/linear_1")
    _norm(state, f"{ours}.attn_ln", tensors, f"{fused}/layer_norm")
    cross = f"{theirs}/attention"
    if f"{cross}/linear_0/weight" in tensors:
        _attention(
            state,
            f"{ours}.cross_attn",
            [
                tensors[f"{cross}/linear_0/weight"],
                *np.split(tensors[f"{cross}/linear_1/weight"], 2),
            ],
            [tensors[f"{cross}/linear_0/bias"], *np.split(tensors[f"{cross}/linear_1/bias"], 2)],
        )
        _linear(state, f"{ours}.cross_attn.out", tensors, f"{cross}/linear_2")
        _norm(state, f"{ours}.cross_attn_ln", tensors, f"{cross}/layer_norm")
    _norm(state, f"{ours}.mlp_ln", tensors, f"{theirs}/ffn/layer_norm")
    _linear(state, f"{ours}.mlp.0", tensors, f"{theirs}/ffn/linear_0")
    _linear(state, f"{ours}.mlp.2", tensors, f"{theirs}/ffn/linear_1")


def _attention(
    state: Tensors,
    ours: str,
    weights: list[np.ndarray[Any, Any]],
    biases: list[np.ndarray[Any, Any]],
) -> None:
    for name, weight, bias in zip(("query", "key", "value"), weights, biases, strict=True):
        state[f"{ours}.{name}.weight"] = weight
        if name != "key":  # whisper's keys have no bias; CTranslate2 stores zeros for them
            state[f"{ours}.{name}.bias"] = bias


def _linear(state: Tensors, ours: str, tensors: Tensors, theirs: str) -> None:
    state[f"{ours}.weight"] = tensors[f"{theirs}/weight"]
    state[f"{ours}.bias"] = tensors[f"{theirs}/bias"]


def _norm(state: Tensors, ours: str, tensors: Tensors, theirs: str) -> None:
    state[f"{ours}.weight"] = tensors[f"{theirs}/gamma"]
    state[f"{ours}.bias"] = tensors[f"{theirs}/beta"]
