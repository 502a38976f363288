/**
 * @file Advisories' packages as a source of the dataset builder: each pair of releases is a fix, its changed files are
 * what differs. How advisories are written is handled by their readers.
 */
import { createHash } from 'node:crypto';
import { decodeText } from '../../../source/decode-text.ts';
import { stopIfAborted } from '../../progress.ts';
import type { ChangeSource, FixFacts, FixUnit, SourceContext, SourceInfo } from '../../source.ts';
import { MavenRegistry } from './maven-registry.ts';
import { NpmRegistry } from './npm-registry.ts';
import { PypiRegistry } from './pypi-registry.ts';
import {
  type AffectedPackage,
  changedFiles,
  type Ecosystem,
  isAmong,
  type PackageRegistry,
  type ReleaseName,
} from './release-pair.ts';
import { runPool } from './run-pool.ts';

type Registries = Readonly<Record<Ecosystem, PackageRegistry>>;

/** Advisories whose last vulnerable release is looked up at once. */
const LOOKUPS_AT_ONCE = 4;

export class ReleaseSource implements ChangeSource {
  readonly kind = 'changes';
  readonly info: SourceInfo;
  readonly count: number;
  readonly #affected: readonly AffectedPackage[];
  readonly #registries: Registries = {
    npm: new NpmRegistry(),
    pypi: new PypiRegistry(),
    maven: new MavenRegistry(),
  };
  readonly #problems: ReadonlyMap<string, number>;

  /** @param problems what was already left out, by reason */
  constructor(info: SourceInfo, affected: readonly AffectedPackage[], problems: ReadonlyMap<string, number>) {
    this.info = info;
    this.count = affected.length;
    this.#affected = affected;
    this.#problems = problems;
  }

  async *units(context: SourceContext): AsyncGenerator<FixUnit> {
    for (const [reason, count] of this.#problems) context.tally.add(reason, count);
    const pairs = new Map<string, Pair>();
    let done = 0;
    const resolved = await runPool(this.#affected, LOOKUPS_AT_ONCE, async (affected) => {
      stopIfAborted(context.signal);
      const pair = await resolvePair(affected, this.#registries, context);
      const message = `releases of ${affected.package}`;
      context.onProgress?.({ phase: 'fetch', done: ++done, total: this.count, message });
      return pair;
    });
    for (const pair of resolved) {
      if (pair === undefined) continue;
      const key = `${pair.ecosystem}:${pair.package}@${pair.vulnerable}...${pair.fixed}`;
      const known = pairs.get(key);
      if (known !== undefined) context.tally.add('same releases named by several advisories');
      pairs.set(key, known === undefined ? pair : merge(known, pair));
    }
    for (const [ecosystem, registry] of Object.entries(this.#registries)) {
      const wanted = [...pairs.values()].filter((pair) => pair.ecosystem === ecosystem);
      await registry.prefetch?.(releasesOf(wanted), context);
    }
    for (const [key, pair] of pairs) {
      yield toUnit(`${key}${pathsKey(pair)}`, pair, this.#registries[pair.ecosystem], context.cacheDir);
    }
  }
}

type Pair = AffectedPackage & { readonly vulnerable: string };

async function resolvePair(
  given: AffectedPackage,
  registries: Registries,
  context: SourceContext,
): Promise<Pair | undefined> {
  const registry = registries[given.ecosystem];
  const affected = { ...given, package: registry.canonical(given.package) };
  const refuse = (reason: string) => {
    context.tally.add(reason);
    return undefined;
  };
  if (!registry.isPackage(affected.package)) return refuse('advisory: no name of a package');
  if (!registry.isVersion(affected.fixed)) return refuse('advisory: no exact version');
  const vulnerable = affected.vulnerable ?? (await registry.previous(affected, context));
  if (vulnerable === undefined) return refuse('advisory: last vulnerable release not known');
  if (!registry.isVersion(vulnerable)) return refuse('advisory: no exact version');
  return vulnerable === affected.fixed
    ? refuse('advisory: vulnerable in the fixed release')
    : { ...affected, vulnerable };
}

/** One release may be the fixed one of one pair and the vulnerable one of the next. */
function releasesOf(pairs: readonly Pair[]): ReleaseName[] {
  const releases = pairs.flatMap(({ package: name, vulnerable, fixed }) => [
    { name, version: vulnerable },
    { name, version: fixed },
  ]);
  return [...new Map(releases.map((release) => [`${release.name} ${release.version}`, release])).values()];
}

function merge(a: Pair, b: Pair): Pair {
  const named = [...(a.named ?? []), ...(b.named ?? [])];
  const date = [a.date, b.date].filter((day) => day !== undefined).sort()[0];
  const { paths: _paths, ...facts } = a;
  return {
    ...facts,
    // One of them knows nothing of files: then all count.
    ...(a.paths === undefined || b.paths === undefined
      ? {}
      : { paths: [...new Set([...a.paths, ...b.paths])] }),
    cve: [...new Set([...a.cve, ...b.cve])],
    cwe: [...new Set([...a.cwe, ...b.cwe])],
    ...(date === undefined ? {} : { date }),
    ...(named.length === 0 ? {} : { named }),
  };
}

/** Fewer files are another content. */
function pathsKey({ paths }: Pair): string {
  if (paths === undefined) return '';
  return `#${createHash('sha256')
    .update([...paths].sort().join('\n'))
    .digest('hex')
    .slice(0, 16)}`;
}

function toUnit(key: string, pair: Pair, registry: PackageRegistry, cacheDir: string): FixUnit {
  const { vulnerable, fixed, cve, cwe, date, named, paths } = pair;
  const facts: FixFacts = {
    project: pair.package,
    commit: `${vulnerable}...${fixed}`,
    ...(date === undefined ? {} : { date }),
    ...(cve.length === 0 ? {} : { cve }),
    ...(cwe.length === 0 ? {} : { cwe }),
    ...(named === undefined ? {} : { named }),
  };
  return {
    key,
    facts,
    async *files(tally, signal) {
      const found = await registry.fetch(pair.package, { vulnerable, fixed }, { tally, signal, cacheDir });
      if (found === undefined) return;
      yield* changedFiles(
        found.vulnerable,
        found.fixed,
        paths === undefined ? () => true : isAmong(paths),
        (content) => decodeText(content, tally),
      );
    },
  };
}
