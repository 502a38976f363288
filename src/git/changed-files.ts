/**
 * @file One long-lived `git diff-tree --stdin`: which files a commit changed against its parent, with renames found.
 * Gives modes and ids; reads no content.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { ByteQueue } from './byte-queue.ts';
import { kindOf, type ListedFile } from './listed-file.ts';
import { endProcess, type GitFolder, startGit } from './run-git.ts';

export interface ChangedFile {
  readonly status: 'added' | 'deleted' | 'modified' | 'renamed';
  readonly path: string;
  /** Where it was, of a renamed file. */
  readonly pathBefore?: string;
  readonly before: ListedFile | undefined;
  readonly after: ListedFile | undefined;
}

export class ChangedFiles {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #queue: ByteQueue;
  /** Lines other than ids come back as they are: the mark behind a request ends its answer. */
  readonly #mark = `end ${randomBytes(8).toString('hex')}`;
  #last: Promise<unknown> = Promise.resolve();

  /** Without `renames` no content is needed, so a partial clone fetches none. */
  constructor(folder: GitFolder, renames: boolean, signal?: AbortSignal) {
    const find = renames ? ['-M'] : ['--no-renames'];
    const plain = ['--no-ext-diff', '--no-textconv', '--ignore-submodules=none'];
    this.#process = startGit(
      [
        'diff-tree',
        '--stdin',
        '-r',
        '-m',
        '--root',
        '--no-commit-id',
        '--raw',
        '-z',
        '--no-abbrev',
        ...plain,
        ...find,
      ],
      folder,
      signal,
    );
    this.#queue = new ByteQueue(this.#process, 'diff-tree', signal);
  }

  /** @param parent the one to compare with; undefined: the commit has none */
  async of(commit: string, parent: string | undefined): Promise<ChangedFile[]> {
    const mine = this.#last.then(() => this.#readNext(commit, parent));
    this.#last = mine.catch(() => undefined);
    return await mine;
  }

  async #readNext(commit: string, parent: string | undefined): Promise<ChangedFile[]> {
    this.#process.stdin.write(`${parent === undefined ? commit : `${commit} ${parent}`}\n${this.#mark}\n`);
    const files: ChangedFile[] = [];
    while ((await this.#queue.peek()) === COLON) files.push(await this.#readFile());
    const end = (await this.#queue.takeUntil(LINE_FEED)).toString('latin1');
    if (end !== this.#mark) throw new Error(`git diff-tree said something unexpected: ${end.slice(0, 80)}`);
    return files;
  }

  /** `:MODE MODE ID ID STATUS NUL PATH NUL`, and a second path after R or C. */
  async #readFile(): Promise<ChangedFile> {
    const header = (await this.#queue.takeUntil(0)).toString('latin1').slice(1).split(' ');
    const [modeBefore = '', modeAfter = '', idBefore = '', idAfter = '', letter = ''] = header;
    const first = (await this.#queue.takeUntil(0)).toString('utf8');
    const renamed = /^[RC]/.test(letter);
    const path = renamed ? (await this.#queue.takeUntil(0)).toString('utf8') : first;
    const before = entry(modeBefore, idBefore);
    const after = entry(modeAfter, idAfter);
    const status = renamed ? 'renamed' : !before ? 'added' : !after ? 'deleted' : 'modified';
    return { status, path, ...(renamed ? { pathBefore: first } : {}), before, after };
  }

  close(): void {
    this.#process.stdin.end();
    endProcess(this.#process);
  }
}

const COLON = 58;
const LINE_FEED = 10;

function entry(mode: string, id: string): ListedFile | undefined {
  return mode === '000000' ? undefined : { kind: kindOf(mode), id };
}
