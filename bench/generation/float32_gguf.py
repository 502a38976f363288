"""Writes a model's weights as one GGUF file in float32, which is what the other contenders compute with.

python float32_gguf.py MODEL OUTPUT.gguf

MODEL is a GGUF file (its blocks are decoded, all else is copied) or a folder with config.json and model.safetensors of a family
that tools/gguf_of_fixture.py writes; of such a folder the vocabulary means nothing, as prompts are token ids.
"""

import pathlib
import sys

import gguf
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

# Written by the writer itself.
OWN_FIELDS = ("general.architecture", "general.file_type")


def decode(source, output):
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(output, reader.fields["general.architecture"].contents())
    for field in reader.fields.values():
        if field.name in OWN_FIELDS or field.name.startswith("GGUF."):
            continue
        kind, *items = field.types
        writer.add_key_value(field.name, field.contents(), kind, sub_type=items[-1] if items else None)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    source, output = (pathlib.Path(argument) for argument in sys.argv[1:3])
    if source.suffix == ".gguf":
        return decode(source, output)
    if not (source / "model.safetensors").is_file():
        sys.exit(f"{source}: neither a GGUF file nor a folder with model.safetensors, so llama.cpp has no file of it")
    import gguf_of_fixture

    return gguf_of_fixture.convert(source, output)


main()
