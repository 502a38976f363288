/** @file Rows of one JSON array of objects, however large, one after another. What rows mean is decided later. */
import { Readable } from 'node:stream';
import { streamArray } from 'stream-json/streamers/stream-array.js';
import { VultuneError } from '../../../base/errors.ts';
import { checkDepth } from '../../json/parse-row.ts';
import { bytesWithoutPythonNumbers } from '../../json/python-numbers.ts';
import { MAX_ROW_BYTES } from './row-limit.ts';
import type { TableRow } from './table-row.ts';

/** The parser is a few elements ahead of their reader. */
const MOST_READ_AHEAD = 2 * MAX_ROW_BYTES;

/** @throws VultuneError `DATASET_LINE_TOO_LONG`, `DATASET_JSON_BROKEN`, `DATASET_FIELD_TYPE`. */
export async function* jsonRows(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  maxReadAhead = MOST_READ_AHEAD,
): AsyncGenerator<TableRow> {
  let row = 0;
  let sinceRow = 0;
  async function* bounded() {
    for await (const chunk of bytesWithoutPythonNumbers(bytes)) {
      sinceRow += chunk.length;
      if (sinceRow > maxReadAhead) throw tooLong(file, row + 1, maxReadAhead);
      yield chunk;
    }
  }
  const input = Readable.from(bounded(), { objectMode: false });
  const elements = streamArray.withParserAsStream();
  // A reader that stops, and a stream that breaks, must each end the other: `pipe` alone forwards neither.
  input.on('error', (error) => elements.destroy(error));
  input.pipe(elements);
  try {
    for await (const { value } of elements as AsyncIterable<{ readonly value: unknown }>) {
      row++;
      sinceRow = 0;
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw new VultuneError('DATASET_FIELD_TYPE', `element ${row} of the array is not a JSON object`, {
          where: { file, line: row },
          hint: 'expected an array of objects, one for each function',
        });
      }
      checkDepth(value, { file, line: row });
      yield { value: value as Record<string, unknown>, line: row };
    }
  } catch (error) {
    throw broken(error, file, row + 1);
  } finally {
    input.destroy();
    elements.destroy();
  }
}

function tooLong(file: string, row: number, limit: number): VultuneError {
  return new VultuneError(
    'DATASET_LINE_TOO_LONG',
    `element ${row} of the array is longer than ${limit / 2 ** 20} MiB`,
    {
      where: { file, line: row },
      hint: 'expected an array of objects, one for each function',
    },
  );
}

function broken(error: unknown, file: string, row: number): unknown {
  const isOurs = error instanceof VultuneError || (error instanceof Error && 'code' in error);
  if (isOurs || !(error instanceof Error)) return error;
  const reason = error.message.slice(0, 120);
  return new VultuneError('DATASET_JSON_BROKEN', `element ${row} of the array is not JSON: ${reason}`, {
    where: { file, line: row },
    hint: 'the file is truncated, or is not a JSON array',
    cause: error,
  });
}
