/**
 * @file A repository that runs a command wherever git, a tool beside it, or Python would take one from it: its configuration, its
 * attributes, its hooks, files in its folder. Each leaves its name behind when it runs.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TestRepository } from './git-repository.ts';

/** Keys of a configuration that name a command. */
const COMMANDS = [
  'core.fsmonitor',
  'core.sshCommand',
  'core.pager',
  'core.editor',
  'core.askPass',
  'core.gitProxy',
  'core.alternateRefsCommand',
  'sequence.editor',
  'diff.external',
  'diff.evil.command',
  'diff.evil.textconv',
  'filter.evil.clean',
  'filter.evil.smudge',
  'filter.evil.process',
  'merge.evil.driver',
  'gpg.program',
  'gpg.ssh.program',
  'gpg.ssh.defaultKeyCommand',
  'credential.helper',
  'uploadpack.packObjectsHook',
  'remote.origin.uploadpack',
  'remote.origin.receivepack',
  'remote.origin.vcs',
  'interactive.diffFilter',
  'trailer.evil.command',
  'submodule.sub.update',
  'sendemail.sendmailCmd',
  'web.browser',
  'man.viewer',
  'ssh.variant',
];
const GIT_COMMANDS = [
  'rev-parse',
  'ls-files',
  'ls-tree',
  'cat-file',
  'diff',
  'diff-tree',
  'status',
  'config',
  'rev-list',
];
const HOOKS = [
  'post-checkout',
  'post-index-change',
  'reference-transaction',
  'fsmonitor-watchman',
  'post-merge',
  'pre-auto-gc',
  'post-rewrite',
  'pre-commit',
];

export class PlantedRepository {
  readonly path: string;
  readonly #ran: string;

  /** @param folder holds the repository, a submodule's origin, and the names of what ran */
  constructor(folder: string) {
    this.path = join(folder, 'evil');
    this.#ran = join(folder, 'ran');
    mkdirSync(this.#ran, { recursive: true });
    const repository = new TestRepository(this.path);
    repository.commit('start', {
      'a.js': 'function a(x) {\n  return x + 1;\n}\n',
      'gone.js': 'function moved(y) {\n  const z = y * 2;\n  return z - 1;\n}\n',
      '.gitattributes': '*.js diff=evil filter=evil merge=evil ident text=auto\n',
    });
    const sub = new TestRepository(join(folder, 'sub-origin'));
    sub.commit('start', {
      's.js': 'function s(x) { return check(x); }\n',
      '.gitattributes': '*.js filter=evil diff=evil\n',
    });
    repository.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', sub.path, 'sub');
    repository.commit('fix', { 'a.js': 'function a(x) {\n  return check(x) + 1;\n}\n' });
    repository.remove('gone.js');
    repository.write('kept.js', 'function moved(y) {\n  const z = y * 2;\n  return z - 2;\n}\n');
    repository.write('a.js', 'function a(x) {\n  return check(x) + 2;\n}\n');
    repository.write('sub/s.js', 'function s(x) { return check(x + 1); }\n');
    this.#plant(join(this.path, '.git'));
    this.#plant(join(this.path, '.git/modules/sub'));
    const included = join(this.path, '.git/more');
    writeFileSync(included, this.#configuration('included'));
    repository.git('config', 'include.path', included);
    repository.git('config', `includeIf.gitdir:${this.path}/.path`, included);
    for (const name of ['pip.py', 'runpy.py', 'json.py']) {
      writeFileSync(join(this.path, name), `open(${JSON.stringify(join(this.#ran, name))}, 'w').close()\n`);
    }
    for (const name of ['git', 'python3', 'ssh']) this.#script(join(this.path, name), `path-${name}`);
  }

  /** The names of all that ran. */
  ran(): string[] {
    return readdirSync(this.#ran).sort();
  }

  #plant(gitFolder: string): void {
    const hooks = join(gitFolder, 'evil-hooks');
    for (const folder of [hooks, join(gitFolder, 'hooks')]) {
      for (const hook of HOOKS) this.#script(join(folder, hook), `hook-${hook}`);
    }
    const own = `[core]\n\thooksPath = ${hooks}\n\tignoreCase = false\n[trace2]\n\teventTarget = ${join(this.#ran, 'trace2')}\n`;
    const url = `[remote "origin"]\n\turl = ext::${this.#command('ext')}\n\tpromisor = true\n[url "ext::${this.#command('insteadOf')}"]\n\tinsteadOf = file:\n[protocol]\n\tallow = always\n[protocol "ext"]\n\tallow = always\n`;
    const text = this.#configuration('own');
    writeFileSync(join(gitFolder, 'config'), `${text}${own}${url}`, { flag: 'a' });
    const worktree = join(gitFolder, 'config.worktree');
    writeFileSync(worktree, this.#configuration('worktree'));
    writeFileSync(join(gitFolder, 'config'), '[extensions]\n\tworktreeConfig = true\n', { flag: 'a' });
  }

  #configuration(source: string): string {
    const pagers = GIT_COMMANDS.flatMap((name) => [`pager.${name}`, `alias.${name}`, `alias.x${name}`]);
    return [...COMMANDS, ...pagers]
      .map((key) => {
        const [section, ...rest] = key.split('.');
        const name = rest.pop()!;
        const subsection = rest.length === 0 ? '' : ` "${rest.join('.')}"`;
        const bang = section === 'alias' || name === 'update' ? '!' : '';
        return `[${section}${subsection}]\n\t${name} = "${bang}${this.#command(`${source}-${key}`)}"\n`;
      })
      .join('');
  }

  #command(name: string): string {
    const script = join(dirname(this.#ran), 'commands', name.replaceAll('/', '_'));
    if (!existsSync(script)) this.#script(script, name);
    return script;
  }

  #script(path: string, name: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n: > ${join(this.#ran, name)}\nexit 1\n`);
    chmodSync(path, 0o755);
  }
}
