/**
 * @file Which source files are tests, and which are others' code in a project, language by language, by their paths.
 * JavaScript's conventions are in source-filters.ts, for the npm builder's sake; here it is only asked.
 */
import { languageOfPath } from './languages.ts';
import { type FileProblem, pathProblem } from './source-filters.ts';

/** What a file's path says of it; undefined when nothing. `language` as the table of languages has it. */
export function sourcePathProblem(
  path: string,
  language: string | undefined = languageOfPath(path),
): FileProblem | undefined {
  if (language === undefined || isEcmaScript(language)) return pathProblem(path);
  const file = path.slice(path.lastIndexOf('/') + 1);
  const folders = projectFolders(path, language);
  if (folders.some((folder) => VENDORED.test(folder))) return 'vendored';
  const testFile = TEST_FILES[language];
  if (language === 'ruby' && folders.includes('spec')) return 'test';
  if (folders.some((folder) => TESTS.test(folder)) || testFile?.test(file) === true) return 'test';
  return undefined;
}

/** The folders of a path that say what a file is for: those of a JVM package are names and say nothing. */
export function projectFolders(path: string, language: string | undefined): readonly string[] {
  const folders = path.split('/').slice(0, -1);
  return language !== undefined && JVM.has(language) ? beforePackage(folders) : folders;
}

const isEcmaScript = (language: string) => ['javascript', 'typescript', 'tsx'].includes(language);

const TESTS =
  /^(?:tests?|testing|testdata|testsuites?|testcases?|test[-_](?:src|data|suite|cases|support|utils?)|src[-_]tests?|__tests__|(?:unit|it|integration|functional|acceptance|android|jvm|e2e)[-_]?tests?|test[-_]?fixtures|fixtures|it|e2e)$/i;
const VENDORED =
  /^(?:vendor|vendored|third[-_]?party|3rd[-_]?party|node_modules|bower_components|site-packages)$/i;

const JVM_TEST =
  /^(?:Abstract)?(?:Test[A-Z0-9]\w*|\w+(?:Tests?|TestCases?|TestBase|TestSuite|ITs?|ITCase|Spec))\.\w+$/;
const C_TEST = /(?:^|[._-])(?:unit)?tests?(?:[._-]|$)|^test[A-Z]/;

/** By the table's name of a language; Rust's tests are told by their folder. */
const TEST_FILES: Readonly<Record<string, RegExp>> = {
  java: JVM_TEST,
  kotlin: JVM_TEST,
  scala: JVM_TEST,
  python: /^(?:test_.*|.*_tests?|tests?|conftest)\.pyi?$/,
  go: /_test\.go$/,
  rust: /^(?:tests?|.*_tests?)\.rs$/,
  ruby: /_(?:spec|test)\.rb$|^test_.*\.rb$/,
  php: /(?:Test|TestCase|Spec)\.php$|\.phpt$/,
  csharp: /(?:Tests?|Specs?|Fixture)\.cs$/,
  c: C_TEST,
  cpp: C_TEST,
};

const JVM: ReadonlySet<string> = new Set(['java', 'kotlin', 'scala']);

/** Without the package: `src/main/java/org/x/test/util` is not a test, `src/test/java/org/x` is. */
function beforePackage(folders: readonly string[]): readonly string[] {
  const root = folders.findIndex((folder, index) => {
    const isSourceRoot = /^(?:java|kotlin|scala|groovy)$/.test(folder) && folders[index - 2] === 'src';
    return isSourceRoot || /^(?:com|org|net|io|edu|gov|javax?|jakarta|hudson|jenkins)$/.test(folder);
  });
  return root === -1 ? folders : folders.slice(0, root);
}
