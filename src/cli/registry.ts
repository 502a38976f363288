/**
 * @file The commands of the executable, in the order of the help. A stage is imported when its command runs, so
 * that `vultune --help` loads no engine.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configCommand } from './commands/config.ts';
import { dataCommand } from './commands/data.ts';
import { doctorCommand } from './commands/doctor.ts';
import { modelsCommand } from './commands/models.ts';
import type { CliCommand } from './program.ts';

export function commandRegistry(version: string): readonly CliCommand[] {
  return [
    dataCommand({
      buildNpm: async (...args) =>
        (await import('../dataset/build/npm/build-npm-dataset.ts')).buildNpmDataset(...args),
      cacheDir: async () =>
        join((await import('../checkpoint/sources/package-cache.ts')).vultuneCacheDir(undefined), 'datasets'),
      advisories: fileURLToPath(new URL('../../data/advisories/npm.jsonl', import.meta.url)),
    }),
    modelsCommand({
      resolve: async (...args) =>
        (await import('../checkpoint/sources/resolve-model.ts')).resolveModel(...args),
      list: async (...args) => (await import('../checkpoint/sources/list-models.ts')).listModels(...args),
      describe: async (...args) => (await import('../checkpoint/describe-model.ts')).describeModel(...args),
      supportedFamilies: async () => (await import('../model/families/registry.ts')).FAMILY_NAMES,
    }),
    configCommand,
    doctorCommand({
      version,
      probeRuntime: async (...args) => (await import('./doctor/runtime.ts')).probeRuntime(...args),
      cacheFolders: async () => [
        ['hub', (await import('../checkpoint/sources/hub-cache.ts')).hubCacheDir(undefined)],
        ['vultune', (await import('../checkpoint/sources/package-cache.ts')).vultuneCacheDir(undefined)],
      ],
    }),
  ];
}
