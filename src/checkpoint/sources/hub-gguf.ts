/**
 * @file One GGUF file of a repository on the hub, `ORG/NAME:FILE.gguf`: repositories of GGUF files hold the same model in several
 * quantisations.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import type { HubFile } from './hub-client.ts';
import { fetchFromHub } from './hub-model.ts';
import { KNOWN_FILES, type KnownFile } from './known-files.ts';
import type { ResolvedModel, ResolveOptions } from './model-source.ts';

/**
 * A file that is known must have its size and its hash.
 * @throws VultuneError MODEL_FILE_MISSING with the GGUF files that are there, MODEL_HASH_MISMATCH for another file than the known one
 * (nothing of it is downloaded), and what `resolveModel` throws for the hub
 */
export async function fetchHubGguf(
  name: string,
  file: string,
  options: ResolveOptions,
  known: Readonly<Record<string, KnownFile>> = KNOWN_FILES,
): Promise<ResolvedModel> {
  const reference = `${name}:${file}`;
  const expected = known[reference];
  const found = await fetchFromHub(name, options, {
    select: (_, names) => [requireGguf(name, file, names)],
    check: (announced) => requireKnown(announced, reference, expected),
    // Its hash was checked when it came.
    isWhole: async (folder) => {
      const sizeBytes = await stat(join(folder, file)).then(
        ({ size }) => size,
        () => undefined, // Not cached.
      );
      return sizeBytes !== undefined && (expected === undefined || sizeBytes === expected.sizeBytes);
    },
  });
  return { ...found, reference, path: join(found.path, file) };
}

function requireKnown(announced: HubFile, reference: string, expected: KnownFile | undefined): void {
  const { sizeBytes, digest } = announced;
  if (expected === undefined || (sizeBytes === expected.sizeBytes && digest.hex === expected.sha256)) return;
  throw new VultuneError(
    'MODEL_HASH_MISMATCH',
    `the hub has another file as ${reference}: ${sizeBytes} bytes with the ${digest.kind} hash ${digest.hex}, expected ${expected.sizeBytes} bytes with ${expected.sha256}`,
    {
      where: { name: reference },
      hint: 'It was replaced, or a mirror changes it: nothing was downloaded.',
      exitCode: 1,
    },
  );
}

/** The file, where the repository has it. Throws MODEL_FILE_MISSING. */
export function requireGguf(name: string, file: string, names: readonly string[]): string {
  if (names.includes(file)) return file;
  const ggufs = names.filter((one) => one.endsWith('.gguf')).toSorted();
  throw new VultuneError('MODEL_FILE_MISSING', `${name} on the hub has no ${file}`, {
    where: { name },
    hint: ggufs.length === 0 ? 'It has no GGUF file.' : `Its GGUF files: ${ggufs.slice(0, 20).join(', ')}.`,
  });
}
