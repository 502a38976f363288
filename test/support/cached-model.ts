/** @file Real models for tests that want one: named by an environment variable, or already in the cache. Fetches nothing. */
import { resolveModel } from '../../src/checkpoint/sources/resolve-model.ts';

/**
 * The model's path (a .gguf or a folder); undefined, with a line that says so, when it is not on this machine.
 * `variable` names a path that goes before the cache.
 */
export async function cachedModel(reference: string, variable: string): Promise<string | undefined> {
  const given = process.env[variable];
  if (given !== undefined) return given;
  try {
    return (await resolveModel(reference, { offline: true })).path;
  } catch {
    console.warn(`skipped: ${reference} is not in the cache (vultune models fetch, or set ${variable})`);
    return undefined;
  }
}
