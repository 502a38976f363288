/**
 * @file `npm run fuzz`: wrong inputs for every reader of bytes from outside, until the time is up. A reader may read an input or
 * refuse it with a VultuneError; anything else (another error, a hang, a crash) is a finding, exit code 1.
 *
 * npm run fuzz -- [--seconds 60] [--seed 1] [--target NAME ...] [--index N] [--threads 2]
 *
 * A finding names target, seed and index: `--target NAME --seed S --index N` runs it again and writes its input to a file.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fuzzShares, type Tally } from './fuzz-shares.ts';
import type { FuzzShare } from './fuzz-target-job.ts';
import { mutant } from './mutate.ts';
import { FUZZ_TARGETS } from './targets.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string', multiple: true },
    index: { type: 'string' },
    threads: { type: 'string', default: '2' },
  },
});
const seed = Number(values.seed);
const targets = FUZZ_TARGETS.filter(({ name }) => values.target?.includes(name) ?? true);
const threads = values.index === undefined ? Math.min(Number(values.threads), targets.length) : 1;
/** The start of the threads is on top of it. */
const share = (1000 * Number(values.seconds) * threads) / targets.length;

async function run(): Promise<Tally[]> {
  if (values.index !== undefined) {
    const index = Number(values.index);
    for (const target of targets) {
      const file = `fuzz-${target.name.replaceAll(/[^\w.-]/g, '-')}-${seed}-${index}`;
      writeFileSync(file, mutant(await target.seeds(), seed, target.name, index));
      process.stdout.write(`input written to ${file}\n`);
    }
    return fuzzShares(
      seed,
      targets.map(({ name }): FuzzShare => ({ target: name, from: index, milliseconds: 0 })),
      print,
    );
  }
  const lanes = Array.from({ length: threads }, (_, lane) =>
    fuzzShares(
      seed,
      targets
        .filter((_, at) => at % threads === lane)
        .map(({ name }): FuzzShare => ({ target: name, from: 0, milliseconds: share })),
      print,
    ),
  );
  return (await Promise.all(lanes)).flat();
}

function print({ target, inputs, read, refused, findings }: Tally): void {
  const codes = [...refused].sort(([, a], [, b]) => b - a).map(([code, times]) => `${code} ${times}`);
  process.stdout.write(
    `${target}: ${inputs} inputs, ${read} read, ${findings.length} findings; refused: ${codes.slice(0, 6).join(', ') || 'none'}\n`,
  );
  for (const { index, text } of findings.slice(0, 5)) {
    process.stdout.write(`  FINDING --target '${target}' --seed ${seed} --index ${index}\n`);
    process.stdout.write(`  ${text.split('\n').slice(0, 6).join('\n  ')}\n`);
  }
}

const tallies = await run();
const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0);
const [inputs, findings] = [sum((tally) => tally.inputs), sum((tally) => tally.findings.length)];
process.stdout.write(`${inputs} inputs for ${tallies.length} readers, ${findings} findings\n`);
process.exitCode = findings > 0 || tallies.some((tally) => tally.inputs === 0) ? 1 : 0;
