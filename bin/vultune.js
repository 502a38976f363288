#!/usr/bin/env node
/**
 * @file The `vultune` executable. A file of the repository rather than of the build, so that its executable bit is there
 * in every clone, and a clone that is not built yet says so.
 */
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  process.stderr.write('vultune is not built yet: run `npm run build` first\n');
  process.exitCode = 2;
}
