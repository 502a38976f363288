/**
 * @file A base model on this disk as a cell's name has it: what it is, not where it lies. By the fingerprints that runs are held to,
 * which read headers and a sample of each tensor, so a model of many gigabytes takes no longer than a small one.
 */
import { createHash } from 'node:crypto';
import { sortedKeys } from '../../base/sorted-keys.ts';
import { parseReference } from '../../checkpoint/sources/model-source.ts';
import { modelIdentity } from '../../network/model-identity.ts';
import { openModel } from '../../network/open-model.ts';

/** Undefined for a model of a hub or registry, which its reference names. @throws VultuneError as `parseReference`, `openModel` */
export async function localModelName(reference: string): Promise<string | undefined> {
  const parsed = parseReference(reference);
  if (parsed.kind !== 'local') return undefined;
  const model = await openModel(parsed.path);
  await model.checkpoint.close();
  const hash = createHash('sha256').update(JSON.stringify(modelIdentity(model), sortedKeys));
  return `model ${hash.digest('hex')}`;
}
