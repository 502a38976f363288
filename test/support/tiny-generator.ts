/** @file Generation on models small enough for a test: the cached network of a fixture, alone or with its adapter. */
import { resolve } from 'node:path';
import { loadAdapter, readAdapterHeader } from '../../src/adapters/files/adapter-files.ts';
import type { BatchContext } from '../../src/generation/generate-batch.ts';
import { classifier, resolvePooling } from '../../src/heads/classifier.ts';
import { languageModel } from '../../src/heads/language-model.ts';
import { CachedNetwork } from '../../src/network/cached-network.ts';
import { fixtureFolder, openFixture, type TinyModel, tinyBackend } from './tiny-model.ts';

export interface CachedFixture extends TinyModel {
  readonly network: CachedNetwork;
  readonly adapter: Pick<ConstructorParameters<typeof CachedNetwork>[0], 'adapted' | 'parameters'>;
}

const NO_ADAPTER = { adapted: [], parameters: new Map() };

export async function cachedFixture(
  name: string,
  { adapter: isAdapted = false, blocksPerStage = Number.POSITIVE_INFINITY } = {},
): Promise<CachedFixture> {
  const tiny = await openFixture(name);
  const { model } = tiny;
  const header = readAdapterHeader(resolve(fixtureFolder(name), 'adapter'));
  // The fixtures' adapters come with a classifier, which generation leaves alone.
  const head = classifier(model, { classes: 2, pooling: resolvePooling(model, undefined) });
  const adapter = isAdapted ? await loadAdapter(header, model, head) : NO_ADAPTER;
  const network = new CachedNetwork({
    model,
    weights: tiny.weights,
    ...adapter,
    backend: await tinyBackend(),
    head: languageModel(model, 'last'),
    blocksPerStage,
  });
  return { ...tiny, network, adapter };
}

/** Ids as text: token 7 is "<7>". */
export const idTokenizer = { decode: (ids: readonly number[]) => ids.map((id) => `<${id}>`).join('') };

export const batchContext = (
  { network, model }: CachedFixture,
  ends: readonly number[] = [],
): BatchContext => ({
  network,
  model,
  tokenizer: idTokenizer,
  ends: new Set(ends),
});
