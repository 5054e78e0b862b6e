# For scripts/read-speed.ts: makes AlexNet's checkpoints as torch.save writes them, or times torch.load of one.
import json
import pathlib
import resource
import sys
import time

import torch

command, path = sys.argv[1:]
if command == "make":
    import torchvision

    torch.manual_seed(1)
    state = torchvision.models.alexnet().state_dict()
    folder = pathlib.Path(path)
    torch.save(state, folder / "zip.pth")
    torch.save(state, folder / "legacy.pth", _use_new_zipfile_serialization=False)
else:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, worked = time.perf_counter(), time.process_time()
    tensors = torch.load(path)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = {"milliseconds": seconds * 1000, "processor": worked * 1000}
    result |= {"before": before * 1024, "peak": peak * 1024}
    result |= {"tensors": len(tensors), "version": torch.__version__}
    result["sum"] = sum(tensor.double().sum().item() for tensor in tensors.values())
    print(json.dumps(result))
