// The command line: every command, its arguments in its own file under arguments/. What a command does
// stands under commands/, loaded only when it is called, so that --help answers at once.

import { Command } from 'commander'
import { addClassify } from './arguments/classify.ts'
import { addCompare } from './arguments/compare.ts'
import { addConvert } from './arguments/convert.ts'
import { addData } from './arguments/data.ts'
import { addDemo } from './arguments/demo.ts'
import { addEvaluate } from './arguments/evaluate.ts'
import { addExplain } from './arguments/explain.ts'
import { addFeatures } from './arguments/features.ts'
import { addFilters } from './arguments/filters.ts'
import { addInspect } from './arguments/inspect.ts'
import { addPack } from './arguments/pack.ts'
import { addPush } from './arguments/push.ts'
import { addServe } from './arguments/serve.ts'
import { examples } from './arguments/shared.ts'
import { addTrain } from './arguments/train.ts'
import { addWeights } from './arguments/weights.ts'
import { tell } from './terminal/print.ts'

/** In the order of --help. */
const commands = [
  addTrain,
  addEvaluate,
  addClassify,
  addFeatures,
  addExplain,
  addCompare,
  addServe,
  addFilters,
  addInspect,
  addConvert,
  addWeights,
  addPush,
  addData,
  addPack,
  addDemo,
]

/** Builds the whole command; `version` is the package's. */
export function createProgram(version: string): Command {
  const program = new Command('alexnet')
    .description('Train AlexNet, use it and look inside it, on the CPU or a GPU, without Python.')
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
them), CIFAR-10 or CIFAR-100 (binary or Python version), MNIST (IDX), tar shards
as WebDataset has them, what 'alexnet pack' wrote, or 'shapes', drawn by the
program.
Every command has its own --help.`,
    )

  for (const add of commands) add(program)

  // Commander writes its own message; the exit code is ours to choose.
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({
      outputError: (text) =>
        tell(
          ...text
            .trimEnd()
            .replace(/^error: /, 'alexnet: ')
            .split(/\n(?=\(Did you mean)/),
        ),
    })
  }
  return program
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)]
}
