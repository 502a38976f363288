/**
 * @file Which new file was which file that is gone: git's own search for renames, over two trees that hold those files only.
 * Both are written into the view's folder, never into the repository.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RepositoryView } from '../../git/repository-view.ts';
import { withLineFeeds } from './blob-id.ts';

/** git compares every new file with every one that is gone. */
const MOST_FILES = 2000;

export class RenameSearch {
  readonly #view: RepositoryView;
  readonly #folder: string;
  readonly #new: string[] = [];
  readonly #gone: { readonly name: string; readonly id: string }[] = [];

  constructor(view: RepositoryView) {
    this.#view = view;
    this.#folder = join(view.folder.path, 'renames');
  }

  get isEmpty(): boolean {
    return this.#new.length === 0;
  }

  /** With more files than git would compare, all others are new. */
  addNew(path: string, bytes: Buffer): void {
    if (this.#new.length === MOST_FILES) return;
    mkdirSync(join(this.#folder, 'empty'), { recursive: true });
    writeFileSync(join(this.#folder, `${this.#new.length}`), withLineFeeds(bytes));
    this.#new.push(path);
  }

  addGone(name: string, id: string): void {
    if (this.#gone.length < MOST_FILES) this.#gone.push({ name, id });
  }

  /** New paths -> the id of what they were; empty too where git cannot read what is gone. */
  async find(): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    if (this.#gone.length === 0) return found;
    const hashed = await this.#view.run(['hash-object', '-w', '--no-filters', '--stdin-paths'], {
      input: this.#new.map((_, i) => `${join(this.#folder, `${i}`)}\n`).join(''),
    });
    const ids = hashed.stdout.split('\n');
    const before = await this.#writeTree(this.#gone);
    const after = await this.#writeTree(this.#new.map((name, i) => ({ name, id: ids[i]! })));
    if (before === undefined || after === undefined) return found;
    const search = ['diff-tree', '-r', '-z', '--name-status', '-M', '--no-ext-diff', before, after];
    const { stdout } = await this.#view.run(search);
    const fields = stdout.split('\0');
    for (let i = 0; i + 1 < fields.length; ) {
      const isRename = fields[i]!.startsWith('R');
      if (isRename) {
        found.set(this.#new[placeOf(fields[i + 2]!)]!, this.#gone[placeOf(fields[i + 1]!)]!.id);
      }
      i += isRename ? 3 : 2;
    }
    return found;
  }

  /** Files keep their names, which git's search looks at, in folders that say which they are. */
  async #writeTree(files: readonly { readonly name: string; readonly id: string }[]) {
    const env = {
      GIT_INDEX_FILE: join(this.#folder, 'index'),
      GIT_WORK_TREE: join(this.#folder, 'empty'),
    };
    const input = files.map(({ name, id }, i) => `100644 ${id}\t${i}/${basename(name)}\0`).join('');
    await this.#view.run(['read-tree', '--empty'], { env });
    const update = await this.#view.run(['update-index', '-z', '--index-info'], { env, input });
    const { code, stdout } = await this.#view.run(['write-tree', '--missing-ok'], { env });
    return update.code === 0 && code === 0 ? stdout.trim() : undefined;
  }
}

/** `7/name` -> 7 */
const placeOf = (path: string) => Number.parseInt(path, 10);
