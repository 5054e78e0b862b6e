// A model as the folder that Transformers.js opens, `pipeline('image-classification', folder)`: an ONNX file whose
// input is `pixel_values`, what its classes are called, and how its pictures are prepared. Transformers.js has its
// own resizing, so that pictures which are not already of the input's size come out a little different.
// https://huggingface.co/docs/transformers.js/custom_usage

import type { ModelFile, Quantization } from '@alexnet/weights'
import { pillowFilters } from './beside.ts'
import type { ModelDescription } from './description.ts'
import { ModelError } from './errors.ts'

/** The input's name in every vision model of Transformers. */
export const PIXEL_VALUES = 'pixel_values'

/** What Transformers.js calls a file of such weights, and the word by which it is asked for (`dtype`). */
const files: Record<Quantization | 'float32', { path: string; dtype: string }> = {
  float32: { path: 'onnx/model.onnx', dtype: 'fp32' },
  float16: { path: 'onnx/model_fp16.onnx', dtype: 'fp16' },
  int8: { path: 'onnx/model_quantized.onnx', dtype: 'q8' },
}

/** The ONNX files that a folder may have, the best first. */
export const transformersModels: readonly string[] = Object.values(files).map(({ path }) => path)

/**
 * The folder's files.
 *
 * @param chunks the ONNX file
 * @throws ModelError for a mean picture, for which there is no place
 */
export function transformersFiles(
  { labels, preprocessing }: ModelDescription,
  chunks: Uint8Array<ArrayBuffer>[],
  quantization: Quantization | undefined,
): ModelFile[] {
  const { resize, crop, mean, std, interpolation, meanPicture } = preprocessing
  if (meanPicture) {
    throw new ModelError(
      'Transformers.js subtracts a mean colour, and this model was trained less a mean picture: write ONNX with --with-preprocessing',
    )
  }
  const { path, dtype } = files[quantization ?? 'float32']
  const config = {
    // Transformers has no AlexNet. This one of its types takes pixel_values, gives logits, and asks for no more.
    model_type: 'resnet',
    architectures: ['ResNetForImageClassification'],
    num_labels: labels.length,
    id2label: Object.fromEntries(labels.map((label, index) => [index, label])),
    label2id: Object.fromEntries(labels.map((label, index) => [label, index])),
    'transformers.js_config': { dtype },
  }
  const preparation = {
    image_processor_type: 'ViTFeatureExtractor',
    do_resize: true,
    size: { shortest_edge: resize },
    resample: pillowFilters.indexOf(interpolation),
    do_center_crop: true,
    crop_size: { height: crop, width: crop },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
  }
  const json = (value: object) => [new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)]
  return [
    { path: 'config.json', chunks: json(config) },
    { path: 'preprocessor_config.json', chunks: json(preparation) },
    { path, chunks },
  ]
}
