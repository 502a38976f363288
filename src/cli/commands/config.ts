/** @file `vultune config`: the keys and the JSON Schema of both kinds of configuration, and a resolved one of a training. */
import { Command } from 'commander';
import { configJsonSchema, configKeys, configYaml } from '../../config/describe.ts';
import { loadTrainConfig } from '../../config/load.ts';
import type { CliContext } from '../context.ts';
import { wrapText } from '../display/wrap.ts';
import { addExamples } from '../options.ts';
import type { CliCommand } from '../program.ts';
import { settingsJsonSchema, settingsKeys } from '../scan/settings/settings-schema.ts';

const SCAN_HELP = 'of the settings of a scan (vultune.yaml) instead of a training';

interface KindOptions {
  readonly scan?: true;
}

export const configCommand: CliCommand = (context) =>
  new Command('config')
    .summary('list the keys of a configuration: of a training, or of scans')
    .description('Print the keys of a configuration, its JSON Schema, or a resolved one.')
    .addCommand(keysCommand(context))
    .addCommand(schemaCommand(context))
    .addCommand(showCommand(context));

function keysCommand(context: CliContext): Command {
  const command = new Command('keys')
    .summary('list every key: what it does, its type and default')
    .description('List every key of a training configuration: what it does, its type and its default.')
    .argument('[words...]', 'only keys whose name or description has one of these words')
    .option('--scan', SCAN_HELP);
  addExamples(command, [
    ['all of them', 'vultune config keys | less'],
    ['keys about LoRA', 'vultune config keys lora'],
    ['those of vultune.yaml', 'vultune config keys --scan'],
  ]);
  return command.action((words: string[], { scan }: KindOptions) =>
    context.stdout.write(keyList(scan ? settingsKeys() : trainingKeys(context), words, context)),
  );
}

function schemaCommand(context: CliContext): Command {
  const command = new Command('schema')
    .summary('print the JSON Schema of the configuration, for editors')
    .description(
      'Print the JSON Schema of a training configuration. An editor that knows it completes keys and marks ' +
        'mistakes: keep it beside the file and begin the file with `# yaml-language-server: $schema=vultune.schema.json`.',
    )
    .option('--scan', SCAN_HELP);
  addExamples(command, [
    ['for the editor', 'vultune config schema > vultune.schema.json'],
    ['of vultune.yaml', 'vultune config schema --scan > vultune-scan.schema.json'],
  ]);
  return command.action(({ scan }: KindOptions) => {
    const schema = scan ? settingsJsonSchema() : configJsonSchema();
    context.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
  });
}

function showCommand(context: CliContext): Command {
  const command = new Command('show')
    .summary('print a configuration with all defaults and overrides')
    .description(
      'Check a configuration and print it resolved: every key, with defaults and overrides. Opens no data file; ' +
        '`vultune train --dry-run` does.',
    )
    .argument('<config>', 'YAML file')
    .argument('[overrides...]', 'key=value, each overrides the file');
  addExamples(command, [['what would be trained', 'vultune config show train.yaml lora_r=16']]);
  return command.action((file: string, overrides: string[]) =>
    context.stdout.write(configYaml(loadTrainConfig({ file, overrides }))),
  );
}

interface ListedKey {
  readonly key: string;
  readonly group: string;
  readonly expected: string;
  readonly description: string;
  /** Beside the name. */
  readonly fallback?: string;
}

function trainingKeys({ stdout: { colors } }: CliContext): readonly ListedKey[] {
  return configKeys().map((key) => ({
    ...key,
    fallback: key.required ? colors.warning('required') : `default ${key.default}`,
  }));
}

function keyList(keys: readonly ListedKey[], words: readonly string[], { stdout }: CliContext): string {
  const { colors } = stdout;
  const wanted = keys.filter(
    ({ key, description }) =>
      words.length === 0 ||
      words.some((word) => `${key} ${description}`.toLowerCase().includes(word.toLowerCase())),
  );
  if (wanted.length === 0) return 'no key name or description has these words\n';
  const columns = Math.min(stdout.columns(), 100);
  const blocks = wanted.map(({ key, group, expected, description, fallback = '' }, index) => {
    const heading =
      group === wanted[index - 1]?.group ? '' : `${index === 0 ? '' : '\n'}${colors.heading(group)}\n`;
    const lines = [
      ...wrapText(description, columns - 4),
      ...wrapText(`type: ${expected}`, columns - 4).map(colors.muted),
    ];
    const title = `  ${colors.accent(key)}  ${fallback}`.trimEnd();
    return `${heading}${title}\n${lines.map((line) => `    ${line}\n`).join('')}`;
  });
  return blocks.join('');
}
