/**
 * @file Lets worker threads of the tests load the TypeScript sources as they are: Node 20 does not strip types itself. What
 * is stripped once is kept by its content, so that most threads never load the stripper.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = join(tmpdir(), `vultune-stripped-types-${process.getuid?.() ?? ''}`);

// Also its own hooks: Node loads this file once to register it and once as the hooks.
if (!import.meta.url.endsWith('?hooks')) register(`${import.meta.url}?hooks`);

export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  return {
    format: 'module',
    source: await stripped(readFileSync(fileURLToPath(url), 'utf8')),
    shortCircuit: true,
  };
}

async function stripped(source) {
  const file = join(CACHE, createHash('sha256').update(source).digest('hex'));
  if (existsSync(file)) return readFileSync(file, 'utf8');
  const { default: swc } = await import('@swc/wasm-typescript');
  const { code } = swc.transformSync(source, { mode: 'strip-only' });
  mkdirSync(CACHE, { recursive: true, mode: 0o700 });
  // Two threads may strip the same file at once: each writes its own and the last one stands.
  const temporary = `${file}.${process.pid}.${Math.random()}`;
  writeFileSync(temporary, code);
  renameSync(temporary, file);
  return code;
}
