/** @file Rows of JSON lines: one JSON object a line, from any stream of bytes. Knows nothing of what rows mean. */
import { VultuneError } from '../../../base/errors.ts';
import { duplicateKey } from '../../duplicate-keys.ts';
import { repeatedKey } from '../../read-jsonl.ts';
import { readByteLines } from '../../read-lines.ts';
import { MAX_ROW_BYTES } from './row-limit.ts';
import type { TableRow } from './table-rows.ts';

/** @throws VultuneError `DATASET_ENCODING`, `DATASET_LINE_TOO_LONG`, `DATASET_JSON_BROKEN`, `DATASET_FIELD_TYPE`. */
export async function* jsonlRows(bytes: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<TableRow> {
  for await (const { text, number } of readByteLines(bytes, file, MAX_ROW_BYTES)) {
    if (text.trim() === '') continue;
    yield { value: parseObject(text, file, number), line: number };
  }
}

function parseObject(text: string, file: string, line: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const shortReason = reason.length <= 120 ? reason : `${reason.slice(0, 117)}...`;
    throw new VultuneError('DATASET_JSON_BROKEN', `line ${line} is not JSON: ${shortReason}`, {
      where: { file, line },
      hint: 'expected one JSON object a line (JSON lines), or one array of them',
      cause,
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const repeated = duplicateKey(text);
    if (repeated !== undefined) throw repeatedKey(repeated, { file, line });
    return value as Record<string, unknown>;
  }
  throw new VultuneError('DATASET_FIELD_TYPE', `line ${line} holds no JSON object`, {
    where: { file, line },
    hint: 'expected one JSON object a line (JSON lines)',
  });
}
