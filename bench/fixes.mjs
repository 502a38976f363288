/**
 * @file The vulnerable functions of a dataset (P1) by the pair of releases that their fix lies between. Pure: nothing is read or
 * fetched here.
 */
import { groupBy } from './group-by.mjs';

/**
 * @typedef {{ project: string, ecosystem: 'npm' | 'pypi' | 'maven', name: string, vulnerable: string, fixed: string,
 *   known: object[], repaired: object[] }} ReleasePair `known`: its P1; `repaired`: its P2
 */

/** Java's coordinates have a colon; a name of Python's index is nobody's on npm, and the other way around. */
export function ecosystemOf({ project, language }) {
  if (project.includes(':')) return 'maven';
  return language === 'python' ? 'pypi' : 'npm';
}

/**
 * @param {readonly object[]} records of a dataset built out of releases: a fix's commit is VULNERABLE...FIXED
 * @returns {ReleasePair[]} those with a P1, in the order of the records
 */
export function releasePairs(records) {
  const pairs = new Map();
  for (const record of records) {
    const { set, project, commit } = record;
    const [vulnerable, fixed, ...more] = commit?.split('...') ?? [];
    if ((set !== 'P1' && set !== 'P2') || project === undefined || !fixed || more.length > 0) continue;
    const key = `${project} ${commit}`;
    const facts = { project, ecosystem: ecosystemOf(record), name: project, vulnerable, fixed };
    const entry = pairs.get(key) ?? { ...facts, known: [], repaired: [] };
    (set === 'P1' ? entry.known : entry.repaired).push(record);
    pairs.set(key, entry);
  }
  return [...pairs.values()].filter(({ known }) => known.length > 0);
}

/** Packages in a random order, each with all its pairs: a budget of time that ends early leaves a sample of packages. */
export function shuffledPackages(pairs, shuffle) {
  const packages = groupBy(pairs, ({ project }) => project);
  return shuffle([...packages.keys()].sort()).map((project) => ({ project, pairs: packages.get(project) }));
}

/** The code at a place: lines and columns are 1-based, the end column is exclusive. */
export function textAt(text, { startLine, startColumn, endLine, endColumn }) {
  const lines = text.split('\n').slice(startLine - 1, endLine);
  lines[lines.length - 1] = lines.at(-1)?.slice(0, endColumn - 1) ?? '';
  lines[0] = lines[0].slice(startColumn - 1);
  return lines.join('\n');
}
