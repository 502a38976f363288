/**
 * @file A recipe of data: the sources that a paper's datasets are built from, the rules of each, and the paper's counts. The builder's
 * own options stand in it under their own names.
 */
import { problemsError } from '../config/problems.ts';
import { schemaProblems } from '../config/schema-problems.ts';
import { yamlSource } from '../config/sources.ts';
import { CONTEXT_KINDS } from '../dataset/changes/function-context.ts';
import { jsonSchemaOf } from '../schema/json-schema.ts';
import { z } from '../schema/zod.ts';

const text = () => z.string().min(1).max(2000);
const count = z.int().min(0);
const share = z.number().min(0).max(1);
const parts = <T extends z.ZodType>(value: T) => z.strictObject({ train: value, valid: value, test: value });

/** Those of the dataset builder that a paper's rules need. */
const rules = z.strictObject({
  strict: z.boolean().optional(),
  minTokens: count.optional(),
  maxTokens: count.optional(),
  negatives: z.enum(['same-commit', 'same-files', 'other-projects', 'none']).optional(),
  ratio: z.number().min(0).optional(),
  split: z.enum(['commit', 'project', 'time', 'predefined']).optional(),
  fractions: parts(share).optional(),
  seed: count.optional(),
  context: z.enum(CONTEXT_KINDS).optional(),
  contextMaxTokens: count.min(1).optional(),
});

const recipeSchema = z.strictObject({
  title: text(),
  source: text().optional(),
  /** The builder's sources, and what each is, for whoever has to fetch it. */
  sources: z.array(z.strictObject({ name: z.string().regex(/^[a-z][a-z-]*$/), what: text() })).min(1),
  datasets: z
    .array(
      z.strictObject({
        /** Below the folder that is written: one path component. */
        folder: z.string().regex(/^[a-z0-9][a-z0-9-]{0,50}$/),
        rules,
        /** Functions as the paper counts them; left out where it does not. */
        paper: parts(count).partial().extend({ functions: count.optional() }).default({}),
      }),
    )
    .min(1)
    .max(20),
  /** What is left to do, a sentence or command each. */
  next: z.array(text()).max(20).default([]),
  differences: z.array(text()).max(100).default([]),
});

export type Recipe = z.output<typeof recipeSchema>;
export type RecipeDataset = Recipe['datasets'][number];

const LISTING = 'the keys of a recipe: title, source, sources, datasets, next, differences';

/** @throws VultuneError `CONFIG_...` */
export function parseRecipe(yaml: string, file: string): Recipe {
  const { source, problems } = yamlSource(yaml, file);
  if (problems.length > 0) throw problemsError(problems, LISTING);
  const result = recipeSchema.safeParse(source.value);
  if (result.success) return result.data;
  const described = { schema: jsonSchemaOf(recipeSchema), listing: LISTING };
  throw problemsError(schemaProblems(result.error.issues, source, described), LISTING);
}
