// Arguments of `alexnet serve`.

import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  backend,
  examples,
  keepInt8,
  noWiden,
  threads,
  variantOption,
  weights,
  whole,
  widen,
} from './shared.ts'

/** A parser for times, `5ms` or `30s`, in milliseconds. */
function milliseconds(text: string): number {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text) ?? []
  if (count === undefined) throw new InvalidArgumentError('It must be a time such as 5ms or 30s.')
  return Number(count) * (unit === 's' ? 1000 : 1)
}

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('answer over HTTP: what is in pictures, features, explanations, comparisons')
    .addOption(weights())
    .addOption(variantOption())
    .addOption(keepInt8())
    .option('--linear <file>', 'learned weights of channels for /compare (default: its plain form)')
    .addOption(new Option('-p, --port <n>', '0 takes a free one').argParser(whole(0)).default(8080))
    .option('--host <address>', '0.0.0.0 to be reached from other machines', '127.0.0.1')
    .option('--max-batch <n>', 'most pictures that go through the network together', whole(1), 32)
    .addOption(
      new Option('--max-wait <time>', 'how long the first of a batch waits for others')
        .argParser(milliseconds)
        .default(5, '5ms'),
    )
    .option('--max-queue <n>', 'requests under way, more are told to come again', whole(1), 256)
    .option('--max-per-client <n>', 'of them from one address', whole(1), 128)
    .option('--max-body <megabytes>', 'of a request', whole(1), 20)
    .option('--max-pixels <millions>', "of a request's pictures together", whole(1), 25)
    .option('--max-pictures <n>', 'of a request', whole(1), 64)
    .addOption(
      new Option('--timeout <time>', 'within which a request must have arrived')
        .argParser(milliseconds)
        .default(30_000, '30s'),
    )
    .option('--cors <origin>', 'pages of this origin may ask, * for all')
    .addOption(
      new Option('--api-key <key>', 'asked of every request but /health, /ready').env(
        'ALEXNET_API_KEY',
      ),
    )
    .option('--site <folder>', 'files to serve at / (default: the playground, where it is built)')
    .addOption(backend())
    .addOption(threads())
    .addOption(widen())
    .addOption(noWiden())
    .addHelpText(
      'after',
      `${examples(
        'alexnet serve --weights runs/mine',
        'curl --data-binary @cat.jpg -H "content-type: image/jpeg" localhost:8080/classify',
        'curl -F a=@before.png -F b=@after.png localhost:8080/compare',
      )}
POST /classify /features /explain /compare; GET /health /ready /metrics
/openapi.json /try. Ctrl-C or SIGTERM: what was accepted is finished.`,
    )
    .action(async (options) => (await import('../commands/serve.ts')).serveModel(options))
}
