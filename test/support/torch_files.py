"""Writes into the folder given: files by torch.save in every form, and beside each the same tensors as safetensors."""

import collections
import os
import sys

import torch
from safetensors.torch import save_file

folder = sys.argv[1]


def write(name, tensors, wrapped=None, **options):
    torch.save(tensors if wrapped is None else wrapped, os.path.join(folder, f"{name}.bin"), **options)
    plain = {key: value.detach().clone().contiguous() for key, value in tensors.items()}
    save_file(plain, os.path.join(folder, f"{name}.safetensors"))


torch.manual_seed(7)
matrix = torch.randn(5, 7)
OLD = {"_use_new_zipfile_serialization": False}

floats = {name: matrix.to(getattr(torch, name)) for name in ("float64", "float32", "float16", "bfloat16")}
integers = {
    "int64": torch.tensor([-(2**40), 0, 2**40]),
    "int32": torch.tensor([-5, 5], dtype=torch.int32),
    "uint8": torch.tensor([0, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False]),
}
storage = torch.arange(60.0)
views = {
    "transposed": matrix.t(),
    "columns": matrix[:, 2:5],
    "steps": storage[1::3],
    "permuted": storage.view(3, 4, 5).permute(2, 0, 1),
    "rows": storage.view(12, 5)[4:7],
    "expanded": storage[:5].expand(3, 5),
    "scalar": torch.tensor(3.5),
    "empty": torch.zeros(0, 3),
}
tied = {"embedding": matrix, "head": matrix}
for form, options in (("zip", {}), ("legacy", OLD)):
    for name, tensors in (("floats", floats), ("integers", integers), ("views", views), ("tied", tied)):
        write(f"{form}-{name}", tensors, **options)
for protocol in (2, 3, 4, 5):
    write(f"protocol-{protocol}", {**floats, **views}, pickle_protocol=protocol)

parameters = {"w": torch.nn.Parameter(matrix), "u": torch.zeros(3, dtype=torch.uint32)}
write("parameters", parameters, collections.OrderedDict(parameters))
module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
write("module-state", module.state_dict())
write("module-state-legacy", module.state_dict(), **OLD)

hostile = os.path.join(folder, "hostile")
os.mkdir(hostile)
torch.save(module, os.path.join(hostile, "module.bin"))
torch.save(module, os.path.join(hostile, "module-legacy.bin"), **OLD)
torch.save({"w": matrix.to_sparse()}, os.path.join(hostile, "sparse.bin"))
torch.save({"w": matrix.to(torch.complex64)}, os.path.join(hostile, "complex.bin"))
torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), os.path.join(hostile, "script.bin"))
