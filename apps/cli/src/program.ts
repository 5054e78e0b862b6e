// The command line: every command with its arguments, help and examples. What a command does stands in
// its own file under commands/, loaded only when it is called, so that --help answers at once.

import { Command, InvalidArgumentError, Option } from 'commander'

const examples = (...lines: string[]) =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`

/** A parser for whole numbers from `least` on. */
function whole(least: number) {
  return (text: string) => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < least) {
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`)
    }
    return value
  }
}

/** A parser for numbers in [least, most]. */
function number(least: number, most = Number.POSITIVE_INFINITY) {
  return (text: string) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (!(value >= least && value <= most)) {
      const range =
        most === Number.POSITIVE_INFINITY ? `of at least ${least}` : `from ${least} to ${most}`
      throw new InvalidArgumentError(`It must be a number ${range}.`)
    }
    return value
  }
}

const json = () => new Option('--json', 'print the result as JSON, nothing else on stdout')
const threads = () =>
  new Option('--threads <n>', 'CPU threads (default: all cores)').argParser(whole(1))
const weights = () =>
  new Option('-w, --weights <file>', 'a model file (.safetensors) or the folder of a run')
const variantOption = (about: string) => new Option('--variant <name>', about)
const batchSize = (about: string) => new Option('--batch-size <n>', about).argParser(whole(1))

/** Builds the whole command; `version` is the package's. */
export function createProgram(version: string): Command {
  const program = new Command('alexnet')
    .description('Train AlexNet, use it and look inside it, on the CPU, without Python.')
    .version(version)
    .showSuggestionAfterError()
    .configureHelp({ helpWidth: Math.min(80, process.stdout.columns ?? 80) })
    .addHelpText(
      'after',
      `${examples(
        'alexnet train ./pictures --out runs/mine',
        'alexnet classify cat.jpg --weights runs/mine',
        'alexnet inspect --variant paper',
      )}
DATASET is a folder of class folders (with or without train/ and test/ above
them), a CIFAR-10 folder (binary or Python version), or 'shapes', drawn by the
program.
Every command has its own --help.`,
    )

  program
    .command('train')
    .description('train a network on pictures; Ctrl-C saves and says how to go on')
    .argument('<dataset>', 'folder of class folders, CIFAR-10 folder, or shapes')
    .addOption(variantOption('network (default: cifar for small pictures, else torchvision)'))
    .option('--epochs <n>', 'passes over the data (default: 10)', whole(1))
    .addOption(batchSize('pictures a step (default: by variant)'))
    .option('--learning-rate <rate>', 'the peak of the schedule (default: by variant)', number(0))
    .addOption(
      new Option('--schedule <name>', 'learning rate over time (default: by variant)').choices([
        'constant',
        'steps',
        'one-cycle',
      ]),
    )
    .option('--momentum <share>', 'default: 0.9', number(0, 0.9999))
    .option('--weight-decay <factor>', 'default: by variant', number(0))
    .option('--label-smoothing <share>', 'default: 0', number(0, 0.99))
    .option('--dropout <rate>', "default: the variant's own", number(0, 0.99))
    .option('--input-size <pixels>', "default: the variant's own", whole(1))
    .option('--no-augment', 'train on the pictures as evaluation sees them')
    .option(
      '--validation <share>',
      'part kept for validation where there is no test set',
      number(0, 0.9),
    )
    .option('--limit <n>', 'train on n pictures only, with the same share of each class', whole(1))
    .option(
      '--seed <n>',
      'weights, order, augmentation and dropout follow from it (default: 0)',
      whole(0),
    )
    .option('-o, --out <folder>', 'where model, checkpoint and log go', 'runs/latest')
    .option('--resume', 'go on with the run in --out, exactly where it stopped')
    .option('--checkpoint-every <steps>', 'also save inside an epoch (default: 100)', whole(1))
    .addOption(threads())
    .addOption(json().default(undefined, 'one event a line'))
    .addHelpText(
      'after',
      examples(
        'alexnet train ./pictures --epochs 20 --out runs/mine',
        'alexnet train cifar-10-batches-bin --variant cifar --epochs 14',
        'alexnet train ./pictures --out runs/mine --resume',
      ),
    )
    .action(async (dataset, options) =>
      (await import('./commands/train.ts')).train(dataset, options),
    )

  program
    .command('evaluate')
    .description('measure loss and accuracy of a model on labelled pictures')
    .argument('<dataset>', 'folder of class folders, CIFAR-10 folder, or shapes')
    .addOption(weights().makeOptionMandatory())
    .addOption(variantOption('network, for weight files that do not say'))
    .addOption(
      new Option('--split <name>', 'part of a divided data set')
        .choices(['train', 'test'])
        .default('test'),
    )
    .addOption(batchSize('pictures at a time (default: 64)'))
    .addOption(threads())
    .addOption(json())
    .addHelpText(
      'after',
      `${examples(
        'alexnet evaluate ./pictures --weights runs/mine',
        'alexnet evaluate cifar-10-batches-bin --weights model.safetensors --json',
      )}
JSON: { pictures, top1, top5, loss }, top1 and top5 as shares from 0 to 1.`,
    )
    .action(async (dataset, options) =>
      (await import('./commands/evaluate.ts')).evaluateCommand(dataset, options),
    )

  program
    .command('classify')
    .description('say what is in pictures')
    .argument('<picture...>', 'JPEG, PNG or WebP files')
    .addOption(weights().makeOptionMandatory())
    .addOption(variantOption('network, for weight files that do not say'))
    .option('-k, --top <n>', 'classes to show', whole(1), 5)
    .addOption(batchSize('pictures at a time (default: 32)'))
    .addOption(threads())
    .addOption(json())
    .addHelpText(
      'after',
      `${examples(
        'alexnet classify cat.jpg dog.png --weights runs/mine',
        'alexnet classify photos/*.jpg --weights runs/mine --top 3 --json',
      )}
JSON: [{ file, top: [{ index, label, probability }] }]`,
    )
    .action(async (pictures, options) =>
      (await import('./commands/classify.ts')).classify(pictures, options),
    )

  program
    .command('features')
    .description("write a layer's output for each picture, a row a picture in the order given")
    .argument('<picture...>', 'JPEG, PNG or WebP files')
    .addOption(weights().makeOptionMandatory())
    .requiredOption('-l, --layer <name>', 'layer, as `alexnet inspect` lists them')
    .requiredOption('-o, --out <file>', '.npy, .safetensors or .jsonl')
    .addOption(variantOption('network, for weight files that do not say'))
    .addOption(batchSize('pictures at a time (default: 32)'))
    .addOption(threads())
    .addOption(json())
    .addHelpText(
      'after',
      `${examples(
        'alexnet features photos/*.jpg -w runs/mine -l classifier.4 -o fc7.npy',
        'alexnet features cat.jpg -w runs/mine -l features.0 -o maps.jsonl',
      )}
Convolution layers give [height, width, channels] a picture.
JSON: { out, layer, shape }`,
    )
    .action(async (pictures, options) =>
      (await import('./commands/features.ts')).features(pictures, options),
    )

  program
    .command('inspect')
    .description(
      'show the layers of a network: shapes, parameters, multiply-adds, receptive fields',
    )
    .addOption(variantOption('network (default: torchvision, or what the weights hold)'))
    .addOption(weights())
    .option('--classes <n>', "number of classes (default: the variant's own)", whole(1))
    .option('--input-size <pixels>', "picture size (default: the variant's own)", whole(1))
    .addOption(json())
    .addHelpText(
      'after',
      `${examples('alexnet inspect --variant paper', 'alexnet inspect --weights runs/mine --json')}
JSON: { variant, inputSize, classes, layers: [{ name, kind, outputShape,
parameters, multiplyAdds, receptiveField, stride }], parameters, multiplyAdds }`,
    )
    .action(async (options) => (await import('./commands/inspect.ts')).inspect(options))

  program
    .command('demo')
    .description('the whole way in two minutes: train on drawn shapes, evaluate, classify')
    .option('-o, --out <folder>', 'where the result goes (default: a new folder in runs)')
    .option('--pictures <n>', 'training pictures', whole(100), 4000)
    .option('--epochs <n>', 'passes over them', whole(1), 3)
    .addOption(threads())
    .addHelpText('after', examples('alexnet demo', 'alexnet demo --pictures 8000 --epochs 5'))
    .action(async (options) => (await import('./commands/demo.ts')).demo(options))

  // Commander writes its own message; the exit code is ours to choose.
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'alexnet: ')),
    })
  }
  return program
}
