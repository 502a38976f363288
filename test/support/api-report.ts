/** @file The public API as text: every exported name of an entry of the package with its declaration, comments left out. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const REPOSITORY = resolve(import.meta.dirname, '../..');

/** What each entry is imported as, and its file in src/. */
const ENTRIES = { vultune: 'index', 'vultune/engine': 'engine', 'vultune/dataset': 'dataset' } as const;

/** From the declarations that tsc writes of src/: no build is needed. */
export function apiReport(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-api-'));
  try {
    const argv = ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--noCheck', '--outDir', folder];
    execFileSync(join(REPOSITORY, 'node_modules', '.bin', 'tsc'), argv, { cwd: REPOSITORY });
    const parts = Object.entries(ENTRIES).map(
      ([name, file]) => `## ${name}\n\n\`\`\`ts\n${entryReport(join(folder, `${file}.d.ts`))}\n\`\`\`\n`,
    );
    return [HEAD, ...parts].join('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const HEAD = `# Public API

Every name that the package exports, with its declaration. A test fails when this page and the sources differ; \`npm run api\`
writes it anew. What each does stands in the comments of the declarations (dist/*.d.ts).
`;

function entryReport(entry: string): string {
  const text = readFileSync(entry, 'utf8');
  const declarations = [...text.matchAll(/export (?:type )?\{([^}]*)\} from '([^']+)'/g)].flatMap(
    ([, names, from]) => {
      const source = declarationsOf(join(dirname(entry), from!.replace(/\.ts$/, '.d.ts')));
      return names!
        .split(',')
        .map((name) => name.trim().replace(/^type /, ''))
        .filter((name) => name !== '')
        .map((name) => [name, declarationOf(name, source, entry)] as const);
    },
  );
  return declarations
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, declaration]) => declaration)
    .join('\n');
}

function declarationOf(name: string, source: ReadonlyMap<string, string>, entry: string): string {
  const declaration = source.get(name);
  if (declaration === undefined)
    throw new Error(`${entry} exports ${name} from a file that does not declare it`);
  return declaration;
}

/** By name: from a line that begins with `export` to the line before the next statement. */
function declarationsOf(file: string): Map<string, string> {
  const code = readFileSync(file, 'utf8').replace(/^[ \t]*\/\*\*[\s\S]*?\*\/\n/gm, '');
  const statements = code.split(/\n(?=(?:export|import|declare|type|interface|\/\/)\b)/);
  return new Map(
    statements.flatMap((statement) => {
      const name =
        /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|interface|type|const) (\w+)/.exec(
          statement,
        )?.[1];
      return name === undefined ? [] : [[name, statement.trim()] as const];
    }),
  );
}
