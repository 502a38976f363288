/** @file Says how a dataset was understood: format, columns, labels that are words, rows that were left out. */
import type { Understood } from '../dataset/formats/read-dataset.ts';
import type { Reporter } from './context.ts';
import { leftOutText } from './left-out-text.ts';

/** Formats whose records are Vultune's own: nothing has to be said. */
const OWN = ['vultune', 'x1'];

/** A phrase each; empty where the file is as Vultune writes it. */
export function readingNotes({ format, columns, labels, leftOut }: Understood): readonly string[] {
  const read =
    columns === undefined
      ? OWN.includes(format)
        ? []
        : [`read as ${format}`]
      : [
          Object.entries(columns)
            .map(([field, column]) => `${field} is column ${JSON.stringify(column)}`)
            .join(', '),
        ];
  const meaning = ([word, target]: readonly [string, 0 | 1]) =>
    `${JSON.stringify(word)} ${target === 1 ? 'vulnerable' : 'not vulnerable'}`;
  const words = [...labels].filter(([word]) => !['0', '1'].includes(word)).map(meaning);
  const left = leftOutText(leftOut);
  return [
    ...read,
    ...(words.length === 0 ? [] : [`labels: ${words.join(', ')}`]),
    ...(left === undefined ? [] : [left]),
  ];
}

/** The same for the user, each behind the file's name. */
export function reportReading(path: string, read: Understood, report: Pick<Reporter, 'note'>): void {
  for (const note of readingNotes(read)) report.note(`${path}: ${note}`);
}
