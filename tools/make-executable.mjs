/**
 * @file The last step of a build: the compiled program may be executed. The compiler does not set the bit, and
 * `npx vultune` does so only the first time it meets a folder: a second clone at the same path could not be run.
 */
import { chmodSync } from 'node:fs';
import { resolve } from 'node:path';

chmodSync(resolve(import.meta.dirname, '../dist/cli/main.js'), 0o755);
