/** @file Versions of what computes, for run.json. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const requireHere = createRequire(import.meta.url);

export function packageVersions(): Record<string, string> {
  const read = (file: string | URL) =>
    (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  return {
    vultune: read(new URL('../../../package.json', import.meta.url)),
    'onnxruntime-node': read(requireHere.resolve('onnxruntime-node/package.json')),
    '@huggingface/tokenizers': read(requireHere.resolve('@huggingface/tokenizers/package.json')),
  };
}
