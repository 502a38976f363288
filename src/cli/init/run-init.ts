/** @file `vultune init`: writes a commented configuration and says what to do next. Asks nothing. */
import { lstatSync } from 'node:fs';
import { VultuneError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { configKeys } from '../../config/describe.ts';
import { readYaml } from '../../config/read-yaml.ts';
import type { InitRequest } from '../commands/init.ts';
import type { CliContext } from '../context.ts';
import { SETTINGS_FILE } from '../scan/settings/find-settings.ts';
import { settingsKeys } from '../scan/settings/settings-schema.ts';
import { commentedYaml } from './commented-yaml.ts';
import { datasetHere, datasetIn, newestRun } from './found-here.ts';

const TRAIN_FILE = 'train.yaml';
/** The model of the quickstart: trained in minutes on two cores. */
const SMALL_MODEL = 'HuggingFaceTB/SmolLM2-135M';

interface NewFile {
  readonly text: string;
  /** What to do next: why, and the line to type. */
  readonly next: readonly (readonly [why: string, line: string])[];
}

/** @throws VultuneError `OUTPUT_EXISTS` where the file is there and `force` is not given; `FILE_NOT_ALLOWED` and the like */
export function runInit(
  { train, out, force }: InitRequest,
  { stdout }: Pick<CliContext, 'stdout'>,
): Promise<void> {
  const file = out ?? (train ? TRAIN_FILE : SETTINGS_FILE);
  if (!force && lstatSync(file, { throwIfNoEntry: false }) !== undefined) {
    throw new VultuneError('OUTPUT_EXISTS', `${file} already exists`, {
      where: { file },
      hint: '--force overwrites it, --out FILE writes another one',
    });
  }
  const { text, next } = train ? trainingFile(file, process.cwd()) : settingsFile(file, process.cwd());
  writeFileAtomic(file, text);
  const { colors } = stdout;
  const lines = next.map(([why, line]) => `  ${colors.muted(`# ${why}`)}\n  ${line}\n`);
  stdout.write(`${file} written. Next:\n${lines.join('')}`);
  return Promise.resolve();
}

function settingsFile(file: string, folder: string): NewFile {
  const run = newestRun(folder);
  const keys = settingsKeys().map(({ key, example, ...about }) => ({
    ...about,
    key,
    value: key === 'run' ? (run ?? example) : example,
    isSet: key === 'run',
  }));
  const intro = [
    'Settings of `vultune scan` in this repository; options on the command line win over them.',
    'Relative paths start at the folder of this file.',
  ];
  const named = file === SETTINGS_FILE ? '' : ` --settings ${file}`;
  const scans = [
    ['scan as the file says', `vultune scan${named}`],
    [
      "accept today's findings, so that only new ones are reported",
      `vultune scan${named} --baseline .vultune-baseline.json --update-baseline`,
    ],
    ['the keys of the file once more', 'vultune config keys --scan'],
  ] as const;
  const first = [
    `there is no run here yet: train one, or put a run or an adapter's hub id behind run: in ${file}`,
    'vultune init --train',
  ] as const;
  return { text: commentedYaml(intro, keys), next: run === undefined ? [first, ...scans] : scans };
}

function trainingFile(file: string, folder: string): NewFile {
  const found = datasetHere(folder);
  const files = found ?? datasetIn('data');
  const given: Readonly<Record<string, string>> = {
    base_model: SMALL_MODEL,
    ...files,
    output_dir: 'runs/first',
  };
  const keys = configKeys().map(({ key, default: fallback, ...about }) => ({
    ...about,
    key,
    value: given[key] ?? readYaml(fallback!).value,
    isSet: Object.hasOwn(given, key),
  }));
  const intro = [
    `Configuration of \`vultune train ${file}\`; key=value on the command line wins over it. Keys that are commented out ` +
      'show their defaults.',
  ];
  const training = [
    ['check everything, train nothing', `vultune train ${file} --dry-run`],
    ['train', `vultune train ${file}`],
    ['scan with the result', `vultune scan ${given.output_dir!} src`],
  ] as const;
  const data = [
    `there is no dataset here yet: make one into data/, or put your files into ${file}`,
    'vultune data build git --repository . --fixes "CVE-|security fix" --out data',
  ] as const;
  return { text: commentedYaml(intro, keys), next: found === undefined ? [data, ...training] : training };
}
