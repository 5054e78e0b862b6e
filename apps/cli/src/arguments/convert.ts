// Arguments of `alexnet convert`.

import { modelFormats } from '@alexnet/model/lists'
import { type Command, Option } from 'commander'
import { backend, examples, json, noWiden, threads, variantOption, whole, widen } from './shared.ts'

export function addConvert(program: Command): void {
  program
    .command('convert')
    .description('write weights in another format, smaller on request, and say what it costs')
    .argument('<in>', 'what --weights takes elsewhere: a file, the folder of a run, a name')
    .argument(
      '<out>',
      '.safetensors, .npz, .onnx or .tflite; a new folder for tfjs, shards, transformers',
    )
    .addOption(
      new Option('--to <format>', 'default: by the ending of <out>').choices([...modelFormats]),
    )
    .addOption(
      new Option('--quantize <type>', 'half or a quarter of the size').choices(['float16', 'int8']),
    )
    .addOption(
      new Option(
        '--only <part>',
        'the convolutions alone, for alexnet compare: a twentieth of the size',
      ).choices(['features']),
    )
    .option('--linear <file>', 'with --only features: weights of channels to measure the change by')
    .addOption(variantOption())
    .option(
      '--with-preprocessing',
      'onnx, tflite: take the normalisation into the file, whose input then is uint8 RGB',
    )
    .option('--softmax', 'tflite: probabilities instead of logits')
    .option('--batch <n>', 'tflite: pictures at a time (default: 1)', whole(1))
    .option('--pictures <folder>', 'compare on these (default: on 16 drawn ones)')
    .option('--limit <n>', 'at most n of them, evenly spread', whole(1), 1000)
    .addOption(backend())
    .addOption(threads())
    .addOption(widen())
    .addOption(noWiden())
    .addOption(json())
    .addHelpText(
      'after',
      `${examples(
        'alexnet convert alexnet.pth alexnet.safetensors',
        'alexnet convert runs/mine small.safetensors --quantize int8 --pictures photos',
        'alexnet convert runs/mine mine.onnx --with-preprocessing',
        'alexnet convert runs/mine mine.tflite --with-preprocessing --softmax --quantize int8',
        'alexnet convert runs/mine web/mine --to transformers',
        'alexnet convert imagenet lpips.safetensors --only features --quantize float16',
        'alexnet convert imagenet web/imagenet --to shards --quantize float16',
      )}
tfjs: model.json and its shards, for tf.loadLayersModel; where the variant has groups
or local response normalisation, after registerLayers() of @alexnet/core/layers.
tflite: for LiteRT (TensorFlow Lite) in pages and on Android, iOS and boards; pictures
[n, height, width, 3]. It is written and not read: there is no comparison.
transformers: the folder that Transformers.js opens as an image classifier.
shards: a list of 8 MiB pieces with their SHA-256.
JSON: { input: { path, contents, bytes }, output: { path, contents, bytes },
comparison: { pictures, worstLogitChange, largestLogit, sameTop1 } }; with --only
features comparison: { pictures, form, worstDistanceChange, largestDistance }`,
    )
    .action(async (input, output, options) =>
      (await import('../commands/convert.ts')).convert(input, output, options),
    )
}
