/**
 * @file The manually curated statements of project-kb as a source of fixes: a folder of vulnerabilities, each with
 * statement.yaml and changed-source-code.tar.gz (COMMIT/before/..., COMMIT/after/...). Functions are found later, by the builder.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { VultuneError } from '../../../base/errors.ts';
import { fileError } from '../../../base/files.ts';
import { hashFile } from '../../../base/hash-file.ts';
import type { Tally } from '../../../base/tally.ts';
import { decodeText } from '../../../source/decode-text.ts';
import { languageOfPath } from '../../../source/languages.ts';
import { readTarGz, type TarProblem } from '../../archives/tar-archive.ts';
import { projectName } from '../../project-name.ts';
import type { ChangeSource, FileChange, FixUnit, SourceContext, SourceInfo } from '../../source.ts';
import { readStatement } from './statement.ts';

const ARCHIVE = 'changed-source-code.tar.gz';

/** @throws VultuneError `SOURCE_LOCATION` when the folder holds no statement. */
export async function openProjectKb(location: string | undefined): Promise<ChangeSource> {
  if (location === undefined) {
    throw new VultuneError('SOURCE_LOCATION', 'project-kb needs a folder of statements', {
      hint: 'write project-kb=FOLDER',
    });
  }
  const folders = statementFolders(location);
  if (folders.length === 0) {
    throw new VultuneError('SOURCE_LOCATION', `${location} holds no folder with a statement.yaml`, {
      where: { file: location },
      hint: 'the folder `statements` of the data, with one folder per vulnerability',
    });
  }
  let info: SourceInfo = {
    name: 'project-kb',
    location,
    license: 'Apache-2.0 (statements); of the code: its projects',
  };
  let count: number | undefined;
  return {
    kind: 'changes',
    /** With its hash once `units` has read it. */
    get info() {
      return info;
    },
    get count() {
      return count;
    },
    async *units(context) {
      const { commits, sha256 } = await listCommits(folders, context);
      info = { ...info, sha256 };
      count = commits.length;
      for (const commit of commits) yield fixUnit(commit);
    },
  };
}

/** The statements' folders, in the folder itself or in its `statements`, by name. */
function statementFolders(location: string): string[] {
  const root = existsSync(join(location, 'statements')) ? join(location, 'statements') : location;
  try {
    return readdirSync(root)
      .sort()
      .map((name) => join(root, name))
      .filter((folder) => existsSync(join(folder, 'statement.yaml')));
  } catch (error) {
    throw fileError(error, root, 'read');
  }
}

/** A fix commit, with every vulnerability whose statement names it. */
interface Commit {
  readonly id: string;
  readonly archive: string;
  /** The archive's SHA-256. */
  readonly sha256: string;
  readonly project: string;
  readonly cve: string[];
  readonly date: string | undefined;
}

/** The commits of all archives, in the order of the statements; the hash of everything that was read. */
async function listCommits(
  folders: readonly string[],
  context: SourceContext,
): Promise<{ readonly commits: readonly Commit[]; readonly sha256: string }> {
  const commits = new Map<string, Commit>();
  const all = createHash('sha256');
  for (const [at, folder] of folders.entries()) {
    context.signal.throwIfAborted();
    const message = `looking into archive ${at + 1} of ${folders.length}`;
    // How many fixes there are is what is found out here.
    context.onProgress?.({ phase: 'fetch', done: 0, total: 0, message });
    const archive = join(folder, ARCHIVE);
    if (!existsSync(archive)) {
      context.tally.add('statement without an archive');
      continue;
    }
    const statement = join(folder, 'statement.yaml');
    const { vulnerability, repositories } = readStatement(statement);
    const [anyRepository] = repositories.values();
    const sha256 = (await hashFile(archive, context.signal)).sha256;
    all.update(`${(await hashFile(statement, context.signal)).sha256} ${sha256}\n`);
    for (const [id, date] of await commitsOf(archive, context)) {
      const repository = repositories.get(id) ?? anyRepository;
      const project = repository === undefined ? `unknown/${basename(folder)}` : projectName(repository);
      const known = commits.get(`${project}@${id}`);
      if (known !== undefined) known.cve.push(vulnerability);
      else commits.set(`${project}@${id}`, { id, archive, sha256, project, cve: [vulnerability], date });
    }
  }
  return { commits: [...commits.values()], sha256: all.digest('hex') };
}

/**
 * Commits with the day of each: the file COMMIT/timestamp holds seconds since 1970. None of an archive that cannot be read
 * to its end: a file that is missing there would look added or deleted.
 */
async function commitsOf(
  archive: string,
  { signal, tally }: SourceContext,
): Promise<Map<string, string | undefined>> {
  const found = new Map<string, string | undefined>();
  let isWhole = true;
  await readTarGz(
    archive,
    {
      wants: (path) => {
        const [commit, side] = path.split('/');
        if ((side === 'before' || side === 'after') && !found.has(commit!)) found.set(commit!, undefined);
        return side === 'timestamp';
      },
      onFile: (path, bytes) => {
        const seconds = Number(bytes.toString('latin1').trim());
        if (!Number.isSafeInteger(seconds) || seconds <= 0 || seconds > 4e9) return;
        found.set(path.split('/')[0]!, new Date(seconds * 1000).toISOString().slice(0, 10));
      },
      // Here once for the archive; a commit's own files are counted with the commit.
      onProblem: (problem) => {
        tally.add(problem);
        if (BROKEN.has(problem)) isWhole = false;
      },
    },
    { signal },
  );
  return isWhole ? found : new Map();
}

const BROKEN: ReadonlySet<TarProblem> = new Set([
  'archive that is damaged',
  'archive that unpacks to too much',
]);

function fixUnit({ id, archive, sha256, project, cve, date }: Commit): FixUnit {
  return {
    key: `project-kb ${sha256} ${id}`,
    facts: { project, commit: id, cve, ...(date === undefined ? {} : { date }) },
    files: (tally, signal) => changedFiles(archive, id, tally, signal),
  };
}

/** Source files only: the two sides stand apart in the archive, so one commit's are held together. */
async function* changedFiles(
  archive: string,
  commit: string,
  tally: Tally,
  signal: AbortSignal,
): AsyncGenerator<FileChange> {
  const sides = { before: new Map<string, Buffer>(), after: new Map<string, Buffer>() };
  const place = (path: string) => {
    const [id, side, ...rest] = path.split('/');
    const known = id === commit && (side === 'before' || side === 'after') && rest.length > 0;
    return known ? { side, file: rest.join('/') } : undefined;
  };
  await readTarGz(
    archive,
    {
      wants: (path) => {
        const file = place(path)?.file;
        if (file === undefined) return false;
        if (languageOfPath(file) !== undefined) return true;
        tally.add('file that is not source code');
        return false;
      },
      onFile: (path, bytes) => {
        const { side, file } = place(path)!;
        sides[side as 'before' | 'after'].set(file, bytes);
      },
      onProblem: (problem, path) => {
        if (path !== undefined && place(path) !== undefined && problem === 'file over the size limit') {
          tally.add(problem);
        }
      },
    },
    { signal },
  );
  const paths = [...new Set([...sides.before.keys(), ...sides.after.keys()])].sort();
  for (const path of paths) {
    const text = (side: Map<string, Buffer>) => {
      const bytes = side.get(path);
      side.delete(path);
      return bytes === undefined ? undefined : decodeText(bytes, tally);
    };
    yield { path, before: text(sides.before), after: text(sides.after) };
  }
}
