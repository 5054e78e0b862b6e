"""Writes src/self-check-answers.ts: what the self-check must find, computed by PyTorch in float64.

The network of self-check.ts: convolution 3x3, stride 2, padding 1, 3 -> 10 channels, plus bias, ReLU, max
pooling 3x3 stride 1, flattened NHWC, times a matrix; loss = sum(logits * weights of the sum).
Run: python3 scripts/make-self-check.py
"""
from pathlib import Path

import torch


def pattern(count, seed):
    """The same numbers as pattern() in self-check.ts: exact in float32."""
    values = [((i * 7919 + seed * 104729) % 1021) / 1024 - 0.5 for i in range(count)]
    return torch.tensor(values, dtype=torch.float64)


picture = pattern(2 * 9 * 8 * 3, 1).reshape(2, 9, 8, 3).requires_grad_()
filters = pattern(3 * 3 * 3 * 10, 2).reshape(3, 3, 3, 10).requires_grad_()
bias = pattern(10, 3).requires_grad_()
matrix = pattern(3 * 2 * 10 * 4, 4).reshape(60, 4).requires_grad_()

conv = torch.nn.functional.conv2d(
    picture.permute(0, 3, 1, 2), filters.permute(3, 2, 0, 1), bias, stride=2, padding=1
)
pooled = torch.nn.functional.max_pool2d(torch.relu(conv), 3, 1)
logits = pooled.permute(0, 2, 3, 1).reshape(2, 60) @ matrix
(logits * pattern(8, 5).reshape(2, 4)).sum().backward()

answers = {
    "logits": logits,
    "pictureGradient": picture.grad,
    "filterGradient": filters.grad,
    "biasGradient": bias.grad,
    "matrixGradient": matrix.grad,
}
lines = ["// Made by scripts/make-self-check.py with PyTorch in float64.", ""]
lines.append("export const answers: Record<string, number[]> = {")
for name, tensor in answers.items():
    numbers = [f"{v:.7g}" for v in tensor.detach().reshape(-1).tolist()]
    lines.append(f"  {name}: [")
    for i in range(0, len(numbers), 10):
        lines.append("    " + ", ".join(numbers[i : i + 10]) + ",")
    lines.append("  ],")
lines.append("}")
Path(__file__).parent.parent.joinpath("src/self-check-answers.ts").write_text("\n".join(lines) + "\n")
