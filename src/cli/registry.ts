/**
 * @file The commands of the executable, in the order of the help. A stage is imported when its command runs, so
 * that `vultune --help` loads no engine.
 */
import { configCommand } from './commands/config.ts';
import { doctorCommand } from './commands/doctor.ts';
import { modelsCommand } from './commands/models.ts';
import type { CliCommand } from './program.ts';

export function commandRegistry(version: string): readonly CliCommand[] {
  return [
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
