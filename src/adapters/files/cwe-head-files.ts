/**
 * @file cwe_head.json and cwe_head.safetensors beside an adapter: the classes, whether the head is used, and its tensors. PEFT reads
 * neither. They come from wherever the adapter comes from: sizes and shapes are checked before anything is read, and a hash holds
 * the tensors to what was written.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { makeFolder, writeFileAtomic } from '../../base/files.ts';
import { hashFile } from '../../base/hash-file.ts';
import { readJsonObjectSync } from '../../checkpoint/json-file.ts';
import { readTensors } from '../../checkpoint/read-tensors.ts';
import { writeSafetensors } from '../../checkpoint/safetensors.ts';
import type { CweClass } from '../../evaluation/cwe/choose-classes.ts';
import { cweIdSchema, type MeasuredCwe, measuredCweSchema } from '../../evaluation/cwe/measured-cwe.ts';
import { CWE_BIAS, CWE_WEIGHT } from '../../heads/classifier.ts';
import { checkValue } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import type { AdapterParameters } from '../adapter-parameters.ts';
import { parameterKey } from '../parameter-key.ts';
import { finiteFloats } from './finite-floats.ts';

const HEADER = 'cwe_head.json';
const WEIGHTS = 'cwe_head.safetensors';
const NAMES = [CWE_WEIGHT, CWE_BIAS];
const KEYS: ReadonlySet<string> = new Set(NAMES.map(parameterKey));

const MOST_JSON_BYTES = 2 ** 18;
const MOST_CLASSES = 1000;

export interface CweHead {
  /** In the order of the rows of its matrix. */
  readonly classes: readonly CweClass[];
  /** Whether it beat the most frequent class on validation. */
  readonly used: boolean;
  readonly valid?: MeasuredCwe | undefined;
  readonly test?: MeasuredCwe | undefined;
}

export interface StoredCweHead extends CweHead {
  readonly folder: string;
  /** SHA-256 of the file of its tensors. */
  readonly weights: string;
  /** Cached answers are valid only for the head with this fingerprint. */
  readonly fingerprint: string;
}

const headerSchema = z
  .looseObject({
    formatVersion: z.literal(1),
    classes: z
      .array(z.looseObject({ id: cweIdSchema, examples: z.int().positive() }))
      .min(2)
      .max(MOST_CLASSES),
    used: z.boolean(),
    valid: measuredCweSchema.optional(),
    test: measuredCweSchema.optional(),
    weights: z.string(),
  })
  .refine(({ classes }) => new Set(classes.map(({ id }) => id)).size === classes.length, {
    message: 'a class stands there twice',
  });

/** The parameters of a training without those of its CWE head, which go into a file of their own. */
export const withoutCweHead = (parameters: AdapterParameters): AdapterParameters =>
  new Map([...parameters].filter(([key]) => !KEYS.has(key)));

/** Those of its CWE head alone; none where it has none. */
export const ofCweHead = (parameters: AdapterParameters): AdapterParameters =>
  new Map([...parameters].filter(([key]) => KEYS.has(key)));

/** The same head gives the same bytes. */
export async function writeCweHead(
  folder: string,
  head: CweHead,
  parameters: AdapterParameters,
): Promise<void> {
  makeFolder(folder);
  const file = join(folder, WEIGHTS);
  await writeSafetensors(file, new Map(NAMES.map((name) => [name, parameters.get(parameterKey(name))!])));
  const { classes, used, valid, test } = head;
  const weights = (await hashFile(file)).sha256;
  const json = { formatVersion: 1, classes, used, valid, test, weights };
  writeFileAtomic(join(folder, HEADER), `${JSON.stringify(json, null, 2)}\n`);
}

/** What the folder says of its head; undefined where it has none. @throws VultuneError ADAPTER_CWE_HEAD */
export function readCweHead(folder: string): StoredCweHead | undefined {
  const file = join(folder, HEADER);
  if (!existsSync(file)) return undefined;
  const json = readJsonObjectSync(file, { code: 'ADAPTER_CWE_HEAD', mostBytes: MOST_JSON_BYTES });
  const { classes, used, valid, test, weights } = checkValue(headerSchema, json, {
    code: 'ADAPTER_CWE_HEAD',
    file,
    hint: HINT,
  });
  const head = { classes, used, valid, test, weights };
  const fingerprint = createHash('sha256').update(JSON.stringify(head)).digest('hex').slice(0, 32);
  return { ...head, folder, fingerprint };
}

/**
 * Its tensors by the keys of training: [K, width] and [K].
 * @throws VultuneError ADAPTER_CWE_HEAD, ADAPTER_NOT_FINITE, and what readTensors throws
 */
export async function loadCweHead(
  { folder, classes, weights }: StoredCweHead,
  width: number,
): Promise<AdapterParameters> {
  const file = join(folder, WEIGHTS);
  if (!existsSync(file)) throw broken(file, `there is no ${WEIGHTS} beside ${HEADER}`);
  const stored = await readTensors(file);
  const shapes: Readonly<Record<string, readonly number[]>> = {
    [CWE_WEIGHT]: [classes.length, width],
    [CWE_BIAS]: [classes.length],
  };
  for (const [name, shape] of Object.entries(shapes)) {
    const found = stored.get(name)?.shape;
    if (found?.join() === shape.join()) continue;
    const what = found === undefined ? 'is missing' : `is [${found.join(', ')}]`;
    throw broken(file, `"${name}" ${what}, expected [${shape.join(', ')}]`);
  }
  const other = [...stored.keys()].find((name) => !NAMES.includes(name));
  if (other !== undefined)
    throw broken(file, `there is a tensor "${other}", expected ${NAMES.join(' and ')} alone`);
  if ((await hashFile(file)).sha256 !== weights)
    throw broken(file, `the tensors do not fit the hash in ${HEADER}`);
  const parameters = NAMES.map(async (name) => {
    const tensor = finiteFloats(await stored.get(name)!.read(), { file, name });
    return [parameterKey(name), tensor] as const;
  });
  return new Map(await Promise.all(parameters));
}

const HINT =
  'The files are written beside the adapter at the end of training, and not meant to be edited; without both the adapter works and names no CWE.';

const broken = (file: string, message: string) =>
  new VultuneError('ADAPTER_CWE_HEAD', message, { where: { file }, hint: HINT });
