/** @file Sources of fixes made by tests, and a build of them into a folder that is gone afterwards. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildDataset } from '../../src/dataset/builder/build-dataset.ts';
import type { BuildInfo } from '../../src/dataset/builder/build-info.ts';
import type { BuildOptions } from '../../src/dataset/builder/build-options.ts';
import type { LabelledRecord } from '../../src/dataset/record.ts';
import type { ChangeSource, FileChange, FixFacts } from '../../src/dataset/source.ts';

export type Fix = Partial<FixFacts> & { readonly files: readonly FileChange[] };

/** One unit a fix; the commit is its number unless given. `onFiles` hears which fix is read. */
export function fixSource(
  fixes: readonly Fix[],
  onFiles?: (fix: number) => void | Promise<void>,
): ChangeSource {
  return {
    kind: 'changes',
    info: { name: 'test', location: 'here' },
    count: fixes.length,
    async *units() {
      for (const [number, { files, ...facts }] of fixes.entries()) {
        yield {
          key: `test ${number} ${JSON.stringify(files)}`,
          facts: { project: 'a/b', commit: `c${number}`, ...facts },
          async *files() {
            await onFiles?.(number);
            yield* files;
          },
        };
      }
    },
  };
}

export interface Built {
  readonly info: BuildInfo;
  readonly records: readonly (LabelledRecord & { readonly split: string })[];
  /** All files of the output, by name. */
  readonly bytes: Readonly<Record<string, string>>;
}

/** Folders that tests use one after another. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'vultune-build-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export async function build(
  folder: string,
  options: Partial<BuildOptions> & Pick<BuildOptions, 'sources'>,
): Promise<Built> {
  const outDir = options.outDir ?? join(folder, 'out');
  const { info } = await buildDataset({ threads: 1, cacheDir: join(folder, 'cache'), outDir, ...options });
  return { info, ...readBuilt(outDir) };
}

export function readBuilt(outDir: string): Pick<Built, 'records' | 'bytes'> {
  const names = ['train.jsonl', 'valid.jsonl', 'test.jsonl', 'README.md', 'dataset.json'];
  const bytes = Object.fromEntries(names.map((name) => [name, readFileSync(join(outDir, name), 'utf8')]));
  const records = ['train', 'valid', 'test'].flatMap((split) =>
    bytes[`${split}.jsonl`]!.split('\n')
      .filter((line) => line !== '')
      .map((line) => ({ ...(JSON.parse(line) as LabelledRecord), split })),
  );
  return { records, bytes };
}
