/**
 * @file blend.json beside an adapter: the blend with TF-IDF's n-grams and weights. It comes from wherever the adapter comes from, so
 * its size, its counts and its numbers are checked, and a checksum holds it to what was written.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { readJsonObjectSync } from '../../checkpoint/json-file.ts';
import { checkValue } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import { alarmBudgetSchema } from '../alarm-budget.ts';
import { tfidfVectorizer } from '../baselines/tfidf.ts';
import { measuredRankingSchema } from '../measured-ranking.ts';
import { BLEND_FEATURES, type Blend } from './blend.ts';

export const BLEND_FILE = 'blend.json';

/** Bounds the TF-IDF of a blend: some 5 MB of JSON. */
export const MOST_NGRAMS = 100_000;
/** Tokens may be long; a file of more is not written, and not read. */
export const MOST_BLEND_BYTES = 32 * 2 ** 20;
/** No fit gives a larger number; with these no sum over a function's n-grams leaves what a double holds. */
const LARGEST = 1e9;
/** Longest n-gram - 1. */
const MOST_LEVELS = 2;

const real = z.number().min(-LARGEST).max(LARGEST);
const share = z.number().min(0).max(1);
const ofFeatures = (number: z.ZodNumber) => z.array(number).length(BLEND_FEATURES.length);
const index = z.int().min(0).max(MOST_NGRAMS);

const blendSchema = z.strictObject({
  used: z.boolean(),
  rocAuc: z.strictObject({ model: share, blend: share }),
  functions: z.int().positive(),
  prevalence: z.number().gt(0).lt(1),
  threshold: share,
  alarmBudget: alarmBudgetSchema.optional(),
  measured: measuredRankingSchema.optional(),
  means: ofFeatures(real),
  scales: ofFeatures(z.number().min(0).max(LARGEST)),
  weights: ofFeatures(real),
  intercept: real,
  tfidf: z.strictObject({
    /** Training functions. */
    documents: z.int().positive(),
    tokens: z.array(z.string().min(1)).max(MOST_NGRAMS),
    /** By length from 2 up: pairs of the n-gram without its last token, and that token. */
    levels: z.array(z.array(z.tuple([index, index])).max(MOST_NGRAMS)).max(MOST_LEVELS),
    /** By feature: tokens first, then longer n-grams as they stand in `levels`. */
    documentFrequencies: z.array(z.int().positive()).max(MOST_NGRAMS),
    weights: z.array(real).max(MOST_NGRAMS),
    intercept: real,
  }),
});

type BlendJson = z.output<typeof blendSchema>;

const fileSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** SHA-256 of the rest. */
  checksum: z.string(),
  blend: blendSchema,
});

export interface StoredBlend {
  readonly blend: Blend;
  /** What scores that were kept are held to. */
  readonly fingerprint: string;
}

/** The file's text; the same blend gives the same bytes. Undefined for a blend that a file cannot hold: it would not be read again. */
export function formatBlend(blend: Blend): string | undefined {
  const json = jsonOf(blend);
  if (json === undefined) return undefined;
  const text = `${JSON.stringify({ formatVersion: 1, checksum: checksum(json), blend: json })}\n`;
  return Buffer.byteLength(text) <= MOST_BLEND_BYTES ? text : undefined;
}

/** Undefined where the folder has none. @throws VultuneError ADAPTER_BLEND */
export function readBlend(folder: string): StoredBlend | undefined {
  const file = join(folder, BLEND_FILE);
  if (!existsSync(file)) return undefined;
  const json = readJsonObjectSync(file, { code: 'ADAPTER_BLEND', mostBytes: MOST_BLEND_BYTES });
  const stored = checkValue(fileSchema, json, { code: 'ADAPTER_BLEND', file, hint: HINT });
  const fingerprint = checksum(stored.blend);
  if (fingerprint !== stored.checksum) throw broken(file, 'the blend does not fit its checksum');
  return { blend: blendOf(stored.blend, file), fingerprint };
}

const HINT =
  'The file is written beside the adapter at the end of training, and not meant to be edited; --no-blend does without it.';

const broken = (file: string, message: string) =>
  new VultuneError('ADAPTER_BLEND', message, { where: { file }, hint: HINT });

/** In the schema's order of fields, as the checksum is made of what is read. */
function checksum(json: BlendJson): string {
  return createHash('sha256').update(JSON.stringify(json)).digest('hex').slice(0, 32);
}

function jsonOf({ tfidf, ...blend }: Blend): BlendJson | undefined {
  const { vocabulary } = tfidf.vectorizer;
  const tokenCount = vocabulary.tokens.size;
  return blendSchema.safeParse({
    ...blend,
    tfidf: {
      documents: vocabulary.documents,
      tokens: [...vocabulary.tokens.keys()],
      levels: vocabulary.levels.map((level) =>
        [...level.keys()].map((key) => [Math.floor(key / tokenCount), key % tokenCount]),
      ),
      documentFrequencies: [...vocabulary.documentFrequencies],
      weights: [...tfidf.model.weights],
      intercept: tfidf.model.intercept,
    },
  }).data;
}

function blendOf({ tfidf, alarmBudget, measured, ...blend }: BlendJson, file: string): Blend {
  const { documents, documentFrequencies, weights, intercept } = tfidf;
  const tokens = new Map(tfidf.tokens.map((token, feature) => [token, feature]));
  if (tokens.size < tfidf.tokens.length) throw broken(file, 'tfidf.tokens has a token twice');
  let [shorter, count] = [0, tokens.size];
  const levels = tfidf.levels.map((pairs, level) => {
    const table = new Map<number, number>();
    for (const [beginning, last] of pairs) {
      if (beginning < shorter || beginning >= count || last >= tokens.size) {
        throw broken(file, `tfidf.levels.${level} has an n-gram of parts that are not there`);
      }
      table.set(beginning * tokens.size + last, count + table.size);
    }
    if (table.size < pairs.length) throw broken(file, `tfidf.levels.${level} has an n-gram twice`);
    [shorter, count] = [count, count + table.size];
    return table;
  });
  for (const [name, { length }] of Object.entries({ documentFrequencies, weights })) {
    if (length !== count) throw broken(file, `tfidf.${name} has ${length} numbers, expected ${count}`);
  }
  const rarest = documentFrequencies.findIndex((frequency) => frequency > documents);
  if (rarest >= 0) {
    throw broken(file, `tfidf.documentFrequencies.${rarest} is above the ${documents} functions there were`);
  }
  return {
    ...blend,
    alarmBudget,
    measured,
    tfidf: {
      vectorizer: tfidfVectorizer({ tokens, levels, documentFrequencies, documents }),
      model: { weights: Float64Array.from(weights), intercept },
    },
  };
}
