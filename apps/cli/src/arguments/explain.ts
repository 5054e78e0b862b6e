// Arguments of `alexnet explain`.

import { explainMethods } from '@alexnet/model/lists'
import { type Command, Option } from 'commander'
import {
  backend,
  examples,
  json,
  noWiden,
  onBroken,
  threads,
  variantOption,
  weights,
  whole,
  widen,
} from './shared.ts'

const width = Math.max(...Object.keys(explainMethods).map((name) => name.length))
const list = Object.entries(explainMethods)
  .map(([name, about]) => `  ${name.padEnd(width)}  ${about}`)
  .join('\n')

export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('draw what the network sees in pictures, as PNG files')
    .argument('[picture...]', 'JPEG, PNG or WebP files')
    .addOption(
      new Option('-m, --method <name>', 'one of those below')
        .choices(Object.keys(explainMethods))
        .default('grad-cam'),
    )
    .option('-o, --out <file>', 'PNG file, or a folder for several pictures (default: by name)')
    .addOption(weights())
    .addOption(variantOption())
    .option('-c, --class <name>', "a class's name or number (default: the likeliest)")
    .option('-l, --layer <name>', 'as `alexnet inspect` lists them (default: by method)')
    .option('--unit <row,column>', "a unit's place in the layer's map (default: its middle)")
    .option('--channel <n>', 'one channel only, for top-patches', whole(0))
    .option('--dataset <path>', 'pictures for neighbours and top-patches')
    .option('--limit <n>', 'take n pictures of the data set', whole(1), 1000)
    .option('--count <n>', 'neighbours, or patches a channel', whole(1), 9)
    .option('--steps <n>', 'of integrated-gradients (50) and class-visualization (256)', whole(1))
    .option('--size <pixels>', 'side of the square of occlusion (default: a quarter)', whole(1))
    .option('--stride <pixels>', 'from one place of it to the next', whole(1))
    .addOption(
      new Option('--colors <name>', 'of heat maps').choices(['inferno', 'viridis', 'grey']),
    )
    .option('--plain', 'the map alone, not over the picture')
    .addOption(onBroken())
    .addOption(backend())
    .addOption(threads())
    .addOption(widen())
    .addOption(noWiden())
    .addOption(json())
    .addHelpText(
      'after',
      `
Methods:
${list}
${examples(
  'alexnet explain cat.jpg --out heat.png',
  'alexnet explain photos/*.jpg -m guided-backprop --out maps',
  'alexnet explain cat.jpg -m occlusion --class dog --weights runs/mine',
  'alexnet explain -m class-visualization --class cat --out cat.png',
)}
JSON: [{ file, method, class: { index, label, probability }, layer, out }]`,
    )
    .action(async (pictures, options) =>
      (await import('../commands/explain.ts')).explain(pictures, options),
    )
}
