"""Run by the new environment's Python: can this build of llama.cpp compute here at all?

A ready wheel can be made for newer processors than this one: it imports without complaint, and takes the whole process
down at the first model. So a model of a few kilobytes is written, loaded and asked for one token. Status 0: it works.
"""

import ctypes
import sys
import tempfile
from pathlib import Path

import gguf
import llama_cpp
import numpy

WIDTH, HIDDEN, VOCABULARY = 32, 64, 8


def write_model(path: Path) -> None:
    """Write a Llama of one layer with random weights and no vocabulary."""
    random = numpy.random.default_rng(0)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("no_vocab")
    shapes = {
        "token_embd": (VOCABULARY, WIDTH),
        "output_norm": (WIDTH,),
        "output": (VOCABULARY, WIDTH),
        "blk.0.attn_norm": (WIDTH,),
        "blk.0.attn_q": (WIDTH, WIDTH),
        "blk.0.attn_k": (WIDTH, WIDTH),
        "blk.0.attn_v": (WIDTH, WIDTH),
        "blk.0.attn_output": (WIDTH, WIDTH),
        "blk.0.ffn_norm": (WIDTH,),
        "blk.0.ffn_gate": (HIDDEN, WIDTH),
        "blk.0.ffn_up": (HIDDEN, WIDTH),
        "blk.0.ffn_down": (WIDTH, HIDDEN),
    }
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", random.standard_normal(shape, dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def compute(path: Path) -> bool:
    """Load the model and decode one token; tell whether the answer is made of numbers."""
    llama_cpp.llama_backend_init()
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), llama_cpp.llama_model_default_params())
    settings = llama_cpp.llama_context_default_params()
    settings.n_ctx = 32
    context = llama_cpp.llama_init_from_model(model, settings)
    if not context:
        return False
    tokens = (llama_cpp.llama_token * 1)(1)
    status = llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(tokens, 1))
    logits = llama_cpp.llama_get_logits(context)
    works = status == 0 and all(numpy.isfinite(logits[index]) for index in range(VOCABULARY))
    llama_cpp.llama_free(context)
    llama_cpp.llama_model_free(model)
    return bool(works)


def main() -> int:
    """Return 0 if llama.cpp computes."""
    silence = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(silence, ctypes.c_void_p(0))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.gguf"
        write_model(path)
        return 0 if compute(path) else 1


if __name__ == "__main__":
    sys.exit(main())
