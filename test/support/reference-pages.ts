/**
 * @file The pages of docs/reference, made of what the program itself checks and prints: the schemas of both configurations, the help
 * of every command, the schemas of events.
 */
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';
import { commandRegistry } from '../../src/cli/registry.ts';
import { settingsKeys } from '../../src/cli/scan/settings/settings-schema.ts';
import { configKeys, flowYaml } from '../../src/config/describe.ts';
import { EVENT_SCHEMAS } from '../../src/runs/event-schema.ts';
import { jsonSchemaOf } from '../../src/schema/json-schema.ts';
import { describeExpected } from '../../src/schema/words.ts';
import { fakeTerminal } from './fake-terminal.ts';

const MADE = '<!-- Made by `npm run reference`: a change by hand is lost. -->';

const page = (title: string, ...parts: readonly string[]) =>
  `${[`# ${title}`, MADE, ...parts].join('\n\n')}\n`;

/** A bar would end the cell. */
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const table = (headings: readonly string[], rows: readonly (readonly string[])[]) =>
  [headings, headings.map(() => '---'), ...rows.map((row) => row.map(cell))]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

interface Key {
  readonly group: string;
}

/** A table for each topic, in the order of the keys. */
function byGroup<K extends Key>(
  keys: readonly K[],
  headings: readonly string[],
  row: (key: K) => readonly string[],
): string[] {
  const groups = [...new Set(keys.map(({ group }) => group))];
  return groups.flatMap((name) => [
    `### ${name}`,
    table(headings, keys.filter(({ group }) => group === name).map(row)),
  ]);
}

export function configurationPage(): string {
  return page(
    'Configuration keys',
    'Two files: the configuration of a training (`vultune train FILE`), and `vultune.yaml`, the settings of scans. `vultune config schema` ' +
      'and `vultune config schema --scan` print them as JSON Schema for editors.',
    '## A training',
    ...byGroup(
      configKeys(),
      ['key', 'value', 'default', 'what it does'],
      ({ key, expected, default: fallback, description }) => [
        `\`${key}\``,
        expected,
        fallback === undefined ? 'required' : `\`${fallback}\``,
        description,
      ],
    ),
    '## Scans: vultune.yaml',
    ...byGroup(
      settingsKeys(),
      ['key', 'value', 'for example', 'what it does'],
      ({ key, expected, example, description }) => [
        `\`${key}\``,
        expected,
        `\`${flowYaml(example)}\``,
        description,
      ],
    ),
  );
}

export function commandsPage(): string {
  const stdout = fakeTerminal({ isTTY: true, columns: 100, env: { NO_COLOR: '1' } });
  const context = {
    stdout,
    stderr: stdout,
    stdin: noInput(),
    env: {},
    signal: new AbortController().signal,
    setExitCode: () => {},
  };
  const groups = commandRegistry('0.0.0');
  const program = createProgram({ version: '0.0.0', commands: [], groups }, context);
  return page(
    'Commands',
    'What `vultune COMMAND --help` prints, for every command.',
    ...withHelp(program, ''),
  );
}

async function* noInput(): AsyncGenerator<Uint8Array> {}

function withHelp(command: Command, above: string): string[] {
  const name = `${above}${command.name()}`;
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  const shown = text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim();
  const below = command.commands.filter((one) => one.name() !== 'help');
  return [`## ${name}`, `\`\`\`text\n${shown}\n\`\`\``, ...below.flatMap((one) => withHelp(one, `${name} `))];
}

export function eventsPage(): string {
  const sections = Object.entries(EVENT_SCHEMAS).flatMap(([type, schema]) => {
    const { description = '', properties = {} } = jsonSchemaOf(schema);
    const rows = Object.entries(properties).map(([name, field]) => [
      `\`${name}\``,
      describeExpected(field),
      field.description ?? '',
    ]);
    return [`## ${type}`, description, table(['field', 'value', 'what it is'], rows)];
  });
  return page(
    'Events of a run',
    'A run folder has `events.jsonl`: one JSON object a line, in the order in which things happened. Every engine writes the same ones. ' +
      'Fields are added, never renamed: pass over a type or a field that is not known.',
    'Every event has `type`, a name below, and `timestampMs`, milliseconds since 1970.',
    ...sections,
  );
}
