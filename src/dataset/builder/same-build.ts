/**
 * @file Whether a folder holds what the same build would write: such a build may write it again, as one that was killed before
 * its end has to.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { jsonOrUndefined } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import { type BuildOptions, stateOptions } from './build-options.ts';

/** Larger than any that was written: the first thousand matched commits of each source with their subjects. */
const MOST_BYTES = 64 * 2 ** 20;

const source = z.object({ name: z.string(), location: z.string(), sha256: z.string().optional() });
const schema = z.looseObject({
  sources: z.array(source),
  options: z.looseObject({ exclude: z.array(z.string()) }),
});

/** False also for a dataset.json that cannot be read, and where texts are excluded: those would have to be read first. */
export function isSameBuild(options: BuildOptions): boolean {
  const file = join(options.outDir, 'dataset.json');
  if (!existsSync(file) || statSync(file).size > MOST_BYTES || (options.exclude ?? []).length > 0)
    return false;
  const built = jsonOrUndefined(schema, readFileSync(file, 'utf8'));
  if (built === undefined) return false;
  const known = ({ name, location, sha256 }: z.output<typeof source>) => [name, location, sha256];
  const sources = options.sources.map(({ info }) => known(info));
  const stored = built.sources.map(known);
  return isDeepStrictEqual([sources, stateOptions(options, [])], [stored, built.options]);
}
