/** @file `vultune data recipe`: the datasets of a paper by its rules, with their counts beside the paper's. */
import { Command } from 'commander';
import { formatCount } from '../../../base/numbers.ts';
import type { BuildParts } from '../../../workflows/build-dataset/build-dataset.ts';
import type { BuiltRecipe } from '../../../workflows/experiment/build-recipe.ts';
import type { CliContext } from '../../context.ts';
import { harmless } from '../../display/harmless-text.ts';
import { renderTable } from '../../display/table.ts';
import type { Terminal } from '../../display/terminal.ts';
import { reporting } from '../../display/terminal-reporter.ts';
import { addExamples } from '../../options.ts';

interface Options {
  readonly out: string;
  readonly cacheDir?: string;
  readonly force: boolean;
  readonly json: boolean;
}

export function recipeCommand(parts: BuildParts, context: CliContext): Command {
  const command = new Command('recipe')
    .summary('build the datasets of a paper by its rules')
    .description(
      "Build the datasets of a paper (x1, flora, vdisc, or a YAML file) from the sources that are here, and count them beside the paper's. " +
        'What is missing is said. The rules are those of data build, which does the work.',
    )
    .argument('<recipe>', 'x1, flora, vdisc, or a YAML file')
    .argument('[sources...]', "NAME=LOCATION of the recipe's sources that are here")
    .requiredOption('--out <dir>', 'folder that gets a folder for each dataset')
    .option('--force', 'replace datasets that the folder holds', false)
    .option('--cache-dir <dir>', "folder for clones and finished fixes (default: Vultune's cache)")
    .option('--json', 'print the counts as JSON on standard output instead of text', false);
  addExamples(command, [
    ['X_1 from what is here', 'vultune data recipe x1 project-kb=statements --out datasets'],
    [
      'all of it',
      'vultune data recipe x1 cvefixes=CVEfixes.db project-kb=statements vcmatch=vcmatch.csv --out datasets',
    ],
  ]);
  return command.action(async (recipe: string, sources: string[], { json, ...options }: Options) => {
    const { buildRecipe } = await import('../../../workflows/experiment/build-recipe.ts');
    const built = await buildRecipe({ recipe, sources, ...options }, reporting(context), parts);
    const { stdout } = context;
    stdout.write(json ? `${JSON.stringify(recipeJson(built), null, 2)}\n` : recipeText(built, stdout));
  });
}

const recipeJson = ({ missing, datasets }: BuiltRecipe) => ({
  missing: missing.map(({ name }) => name),
  datasets,
});

function recipeText({ recipe, missing, datasets }: BuiltRecipe, terminal: Terminal): string {
  const right = { align: 'right' } as const;
  const rows = datasets.flatMap(({ folder, counts }) =>
    counts.map(({ part, paper, ours }) => [
      folder,
      part,
      paper === undefined ? '–' : formatCount(paper),
      formatCount(ours),
    ]),
  );
  const columns = [
    { heading: 'dataset' },
    { heading: '' },
    { heading: 'paper', ...right },
    { heading: 'ours', ...right },
  ];
  const lines = [
    ...missing.map(({ name, what }) => `missing: ${name}, ${what}`),
    ...recipe.differences.map((difference) => `differs from the paper: ${difference}`),
    ...recipe.next.map((step) => `then: ${step}`),
  ];
  return `${renderTable(columns, rows, terminal)}\n${lines.map((line) => `${harmless(line)}\n`).join('')}`;
}
