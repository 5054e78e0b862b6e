// Arguments of `alexnet push`.

import { type Command, Option } from 'commander'
import { examples, json, variantOption } from './shared.ts'

export function addPush(program: Command): void {
  program
    .command('push')
    .description("publish a model on Hugging Face's Hub, with a card of what is known of it")
    .argument('<repository>', 'hf:owner/name, with @branch for another than main; made where new')
    .requiredOption('-w, --weights <what>', 'the folder of a run, or whatever else --weights takes')
    .addOption(variantOption())
    .addOption(
      new Option('--quantize <type>', 'half or a quarter of the size').choices(['float16', 'int8']),
    )
    .option('--private', 'where the repository is new: for you alone')
    .option('--license <name>', 'of the weights, by its short name: apache-2.0, cc-by-4.0, …')
    .option('--dry-run', 'print the card, and send nothing')
    .addOption(json())
    .addHelpText(
      'after',
      `${examples(
        'alexnet push hf:me/flowers --weights runs/mine --license apache-2.0',
        'alexnet push hf:me/flowers --weights runs/mine --dry-run',
        'alexnet classify rose.jpg --weights hf:me/flowers',
      )}
Needs a token that may write, in HF_TOKEN. Sent are README.md (the card: data, recipe,
accuracy, confusion and limits, from the run), model.safetensors, and the files by which
Transformers.js opens it: config.json, preprocessor_config.json, onnx/.
JSON: { repository, commit, url, files: [{ path, bytes }] }`,
    )
    .action(async (repository, options) =>
      (await import('../commands/push.ts')).push(repository, options),
    )
}
