/**
 * @file unclassified.csv: answers that say neither yes nor no, with an empty column for what a person reads in them; and the same
 * file read back.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { VultuneError } from '../../base/errors.ts';
import { csvRows } from '../../dataset/formats/rows/csv-rows.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import type { PromptAnswer } from '../../prompting/prompt-answer.ts';
import { csvTable } from '../../report/table-formats.ts';

const COLUMNS = ['row', 'id', 'code_sha256', 'answer', 'label'] as const;
const MOST_ROW_BYTES = 4 * 2 ** 20;

const hashOf = (code: string) => createHash('sha256').update(code).digest('hex').slice(0, 16);

/** Answers of a model that gave probabilities alone have no text. */
export function unclassifiedCsv(
  records: readonly LabelledRecord[],
  answers: readonly PromptAnswer[],
): string {
  const rows = answers.flatMap(({ answer, text = '' }, row) => {
    if (answer !== 'unclassified') return [];
    const { id, code } = records[row]!;
    return [[`${row + 1}`, String(id ?? row + 1), hashOf(code), inert(text), '']];
  });
  return csvTable({ columns: COLUMNS, rows, notes: [] });
}

/** A spreadsheet takes a cell that begins so for a formula, and the answer is a stranger's. */
const inert = (text: string) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

const LABELS: Readonly<Record<string, 'yes' | 'no'>> = { yes: 'yes', '1': 'yes', no: 'no', '0': 'no' };

/**
 * By a hash of the code. Rows without a label stay unclassified.
 * @throws VultuneError PROMPT_LABELS for a label that is neither yes nor no, or a file of other columns
 */
export async function readHandLabels(file: string): Promise<ReadonlyMap<string, 'yes' | 'no'>> {
  const invalid = (message: string, line?: number) =>
    new VultuneError('PROMPT_LABELS', message, {
      where: { file, ...(line === undefined ? {} : { line }) },
      hint: 'Fill the column "label" of an unclassified.csv with yes or no, and leave the others as they are.',
    });
  if (!existsSync(file)) throw invalid('no such file');
  const labels = new Map<string, 'yes' | 'no'>();
  for await (const { value, line } of csvRows(createReadStream(file), file, ',', MOST_ROW_BYTES)) {
    const { code_sha256: hash, label } = value as Record<string, unknown>;
    if (typeof hash !== 'string' || typeof label !== 'string') {
      throw invalid('the columns code_sha256 and label are expected', line);
    }
    const word = label.trim().toLowerCase();
    if (word === '') continue;
    const known = Object.hasOwn(LABELS, word) ? LABELS[word] : undefined;
    if (known === undefined)
      throw invalid(`the label is ${JSON.stringify(label.slice(0, 40))}, expected yes or no`, line);
    labels.set(hash, known);
  }
  return labels;
}

/** The answers with what a person said of the unclassified ones. */
export function withHandLabels(
  records: readonly LabelledRecord[],
  answers: readonly PromptAnswer[],
  labels: ReadonlyMap<string, 'yes' | 'no'>,
): PromptAnswer[] {
  return answers.map((one, row) => {
    const label = one.answer === 'unclassified' ? labels.get(hashOf(records[row]!.code)) : undefined;
    return label === undefined ? one : { ...one, answer: label, score: label === 'yes' ? 1 : 0 };
  });
}
