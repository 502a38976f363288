/** @file Versions of what computes, for run.json. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const requireHere = createRequire(import.meta.url);

const versionIn = (file: string | URL) =>
  (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;

/** A package's own package.json: not every package exports it, but it lies in a folder above the entry point. */
function versionOf(name: string): string {
  let folder = dirname(requireHere.resolve(name));
  while (!folder.endsWith(join('node_modules', name))) folder = dirname(folder);
  return versionIn(join(folder, 'package.json'));
}

export function packageVersions(): Record<string, string> {
  return {
    vultune: versionIn(new URL('../../package.json', import.meta.url)),
    'onnxruntime-node': versionOf('onnxruntime-node'),
    '@huggingface/tokenizers': versionOf('@huggingface/tokenizers'),
  };
}
