/** @file Where the seeds of readers of models come from: the tiny Llama of test/fixtures. */
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const LLAMA = resolve(import.meta.dirname, '../fixtures/llama');

export const fixtureBytes = (...path: readonly string[]): Uint8Array => readFileSync(join(LLAMA, ...path));

/** Puts a file of the fixture into the folder, once. */
export function placeFixture(folder: string, ...path: readonly string[]): void {
  const target = join(folder, path.at(-1)!);
  if (!existsSync(target)) copyFileSync(join(LLAMA, ...path), target);
}
