/**
 * @file Other datasets whose functions must not be in a build: exact and near duplicates of theirs are left out. Knows
 * nothing of where the build's own functions come from.
 */
import { createHash } from 'node:crypto';
import { bodyKey } from '../duplicates/exact-duplicates.ts';
import { sketchText } from '../duplicates/min-hash.ts';
import { normalisedCode } from '../duplicates/normalised-code.ts';
import { openDataset } from '../formats/open-dataset.ts';
import { formatRecord } from '../write-jsonl.ts';
import type { BodyIndex } from './select/body-index.ts';

export interface Exclusion {
  /** The fingerprint of each dataset's records, in order. */
  readonly sha256: readonly string[];
  /** Before anything else: an excluded text has a low number. */
  addTo(bodies: BodyIndex): void;
  /** Whether the text with this number is an excluded one or a near duplicate of one. */
  check(nearGroups: Int32Array): (body: number) => boolean;
}

/** @throws VultuneError as `openDataset`. */
export async function readExclusion(paths: readonly string[], signal: AbortSignal): Promise<Exclusion> {
  const texts: { readonly body: string; readonly sketch: string }[] = [];
  const sha256: string[] = [];
  for (const path of paths) {
    const hash = createHash('sha256');
    const dataset = await openDataset(path, { requireTarget: false, signal });
    for await (const { record } of dataset.records()) {
      hash.update(formatRecord(record));
      const text = normalisedCode(record.code, record.language);
      texts.push({ body: bodyKey(text), sketch: Buffer.from(sketchText(text)).toString('base64') });
    }
    sha256.push(hash.digest('hex'));
  }
  let count = 0;
  return {
    sha256,
    addTo: (bodies) => {
      for (const { body, sketch } of texts) bodies.add(body, sketch);
      count = bodies.count;
    },
    check: (nearGroups) => {
      const groups = new Set(nearGroups.subarray(0, count));
      return (body) => groups.has(nearGroups[body]!);
    },
  };
}
