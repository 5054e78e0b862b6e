# For scripts/compare-photos.ts: an AlexNet with drawn weights saved as PyTorch saves it, and its logits of
# photos prepared by torchvision. Arguments: folder to write to, photos.
import json
import pathlib
import sys

import torch
import torchvision
from PIL import Image
from torchvision import transforms

folder, *photos = sys.argv[1:]
torch.manual_seed(1)
model = torchvision.models.alexnet().eval()
for parameter in model.parameters():
    if parameter.dim() > 1:
        torch.nn.init.kaiming_normal_(parameter, nonlinearity="relu")
    else:
        torch.nn.init.uniform_(parameter, -0.05, 0.05)
torch.save(model.state_dict(), pathlib.Path(folder) / "alexnet.pth")
prepare = transforms.Compose([
    transforms.Resize(256),
    transforms.CenterCrop(224),
    transforms.ToTensor(),
    transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
])
with torch.no_grad():
    batch = torch.stack([prepare(Image.open(photo).convert("RGB")) for photo in photos])
    logits = model(batch)
print(json.dumps({"torch": torch.__version__, "logits": logits.tolist()}))
