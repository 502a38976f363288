/**
 * @file A build out of several registries that goes on without those that cannot be asked: no pip, no mvn, no network to
 * one of them. What was fetched and analysed before stays in the cache, so that building again costs seconds.
 */
import { VultuneError } from '../../base/errors.ts';
import type { BuildDatasetResult, buildDataset } from '../../dataset/builder/build-dataset.ts';
import type { BuildOptions } from '../../dataset/builder/build-options.ts';
import type { DatasetSource } from '../../dataset/source.ts';

/** The client is missing or does not work, or its registry does not answer. */
const CANNOT_BE_ASKED = /^(?:PIP_MISSING|PIP_FAILED|MAVEN_MISSING|MAVEN_FAILED|REGISTRY_UNREACHABLE)$/;

/**
 * @param onSkipped is told of each source that is left out, and why
 * @throws as `build`; the first source's error where none can be asked
 */
export async function buildOfReachable(
  build: typeof buildDataset,
  options: BuildOptions,
  onSkipped: (source: DatasetSource, error: VultuneError) => void,
): Promise<BuildDatasetResult> {
  let sources = options.sources;
  let first: unknown;
  for (;;) {
    const failures = new Map<unknown, DatasetSource>();
    const watched = sources.map((source) => watch(source, (error) => failures.set(error, source)));
    try {
      return await build({ ...options, sources: watched });
    } catch (error) {
      const failed = failures.get(error);
      const cannotBeAsked = error instanceof VultuneError && CANNOT_BE_ASKED.test(error.code);
      if (failed === undefined || !cannotBeAsked) throw error;
      first ??= error;
      sources = sources.filter((source) => source !== failed);
      if (sources.length === 0) throw first;
      onSkipped(failed, error);
    }
  }
}

/** The same source, whose errors are told to `onError` on their way: the builder's do not say which source it was. */
function watch(source: DatasetSource, onError: (error: unknown) => void): DatasetSource {
  if (source.kind === 'records') return source;
  async function* watched<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* items;
    } catch (error) {
      onError(error);
      throw error;
    }
  }
  return {
    kind: source.kind,
    info: source.info,
    count: source.count,
    async *units(context) {
      for await (const unit of watched(source.units(context))) {
        yield { ...unit, files: (tally, signal) => watched(unit.files(tally, signal)) };
      }
    },
  };
}
