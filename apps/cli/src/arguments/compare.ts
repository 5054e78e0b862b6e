// Arguments of `alexnet compare`.

import { type Command, Option } from 'commander'
import { backend, examples, json, noWiden, number, threads, widen } from './shared.ts'

export const metricNames = ['lpips', 'ssim', 'psnr', 'all'] as const

export function addCompare(program: Command): void {
  program
    .command('compare')
    .description('say how different pictures look; two pictures, or two folders matched by name')
    .argument('<a>', 'the reference: a picture or a folder')
    .argument('<b>', 'what is held against it')
    .addOption(
      new Option('-m, --metric <name>', 'what to measure')
        .choices([...metricNames])
        .default('lpips'),
    )
    .option(
      '-t, --threshold <number>',
      'exit code 1 where a pair is worse: above it (lpips, all), below it (ssim, psnr)',
      number(0),
    )
    .option('--heat <png>', 'draw where they differ: a PNG file, of folders a folder (lpips)')
    .option(
      '-w, --weights <what>',
      'AlexNet to compare by: a file, its features alone are enough; or a name',
      'imagenet',
    )
    .option(
      '--linear <file>',
      "learned weights of channels (default: LPIPS v0.1's, for torchvision's network)",
    )
    .option('--plain', 'without learned weights: every channel counts the same')
    .option('--junit <file>', 'write a report in the XML of JUnit, a test case a pair')
    .addOption(backend())
    .addOption(threads())
    .addOption(widen())
    .addOption(noWiden())
    .addOption(json())
    .addHelpText(
      'after',
      `${examples(
        'alexnet compare before.png after.png',
        'alexnet compare reference screenshots --threshold 0.05 --junit report.xml',
        'alexnet compare a.png b.png --metric all --heat where.png --json',
        'alexnet compare a.png b.png --weights cifar10',
      )}
lpips: 0 is the same picture, larger is more different (Zhang et al., 2018). ssim:
1 is the same (Wang et al., 2004). psnr: decibels, more is nearer; null in JSON for
the same picture. Other weights than torchvision's give the plain form of lpips,
which is not on its scale, and say so.
A missing partner, another size and a broken picture are named and count as failed.
JSON: { metric, form, threshold, failed, pairs: [{ name, lpips, layers, ssim,
psnr, heat, failed, problem }] }`,
    )
    .action(async (a, b, options) =>
      (await import('../commands/compare.ts')).compare(a, b, options),
    )
}
