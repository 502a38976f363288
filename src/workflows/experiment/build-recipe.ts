/** @file Builds the datasets of a recipe from the sources that are here, and counts them beside the paper's. */
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { readTextFile } from '../../base/files.ts';
import { MOST_CONFIG_BYTES } from '../../config/load.ts';
import { SPLITS } from '../../dataset/parts.ts';
import { parseRecipe, type Recipe, type RecipeDataset } from '../../experiments/recipe.ts';
import { recipePath } from '../../experiments/shipped-files.ts';
import { type BuildParts, buildDataset, buildWith } from '../build-dataset/build-dataset.ts';
import type { WorkflowContext } from '../context.ts';

export interface BuildRecipeOptions {
  /** The name of a shipped recipe, or a YAML file. */
  readonly recipe: string;
  /** `NAME=LOCATION` of the sources that are here. */
  readonly sources: readonly string[];
  /** The folder that the datasets' folders are made in. */
  readonly out: string;
  readonly cacheDir?: string | undefined;
  /** Replace datasets that are there. Default: false. */
  readonly force?: boolean;
}

export interface BuiltRecipe {
  readonly recipe: Recipe;
  /** Sources of the recipe that were not given. */
  readonly missing: Recipe['sources'];
  readonly datasets: readonly BuiltDataset[];
}

export interface BuiltDataset {
  readonly folder: string;
  readonly counts: readonly {
    readonly part: string;
    readonly paper: number | undefined;
    readonly ours: number;
  }[];
}

/** @throws VultuneError `RECIPE_SOURCES` where none is given, or one that the recipe does not have; as `buildDataset` */
export async function buildRecipe(
  options: BuildRecipeOptions,
  context?: Partial<WorkflowContext>,
  parts?: BuildParts,
): Promise<BuiltRecipe> {
  const { sources, out, cacheDir, force = false } = options;
  const file = recipePath(options.recipe);
  const recipe = parseRecipe(readTextFile(file, MOST_CONFIG_BYTES), file);
  const given = requireSources(recipe, sources, file);
  const missing = recipe.sources.filter(({ name }) => !given.has(name));
  for (const { name, what } of missing) context?.report?.warn(`${name} is missing: ${what}`);
  const datasets: BuiltDataset[] = [];
  for (const dataset of recipe.datasets) {
    context?.report?.note(`building ${join(out, dataset.folder)}`);
    const build = { ...definedRules(dataset), sources, out: join(out, dataset.folder), cacheDir, force };
    const { info } =
      parts === undefined ? await buildDataset(build, context) : await buildWith(parts, build, context);
    datasets.push(
      counted(
        dataset,
        SPLITS.map((split) => [split, info.splits[split].functions] as const),
      ),
    );
  }
  return { recipe, missing, datasets };
}

/** Rules that are left out are the builder's defaults. */
const definedRules = ({ rules }: RecipeDataset) =>
  Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined));

function requireSources(recipe: Recipe, sources: readonly string[], file: string): ReadonlySet<string> {
  const given = new Set(sources.map((source) => source.split('=')[0]!));
  const names = recipe.sources.map(({ name }) => name);
  const unknown = [...given].find((name) => !names.includes(name));
  if (given.size > 0 && unknown === undefined) return given;
  throw new VultuneError(
    'RECIPE_SOURCES',
    unknown === undefined ? 'no source is given' : `the recipe has no source ${JSON.stringify(unknown)}`,
    {
      where: { file, name: 'sources' },
      hint: `give those that are here as NAME=LOCATION; the recipe's: ${recipe.sources.map(({ name, what }) => `${name} (${what})`).join('; ')}`,
    },
  );
}

function counted(
  { folder, paper }: RecipeDataset,
  parts: readonly (readonly [string, number])[],
): BuiltDataset {
  const total = parts.reduce((sum, [, functions]) => sum + functions, 0);
  const byPart: Readonly<Record<string, number | undefined>> = paper;
  return {
    folder,
    counts: ([['functions', total], ...parts] as const).map(([part, ours]) => ({
      part,
      paper: byPart[part],
      ours,
    })),
  };
}
