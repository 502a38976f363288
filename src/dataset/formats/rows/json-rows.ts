/** @file Rows of one JSON array of objects, however large, one after another. Knows nothing of what rows mean. */
import { Readable } from 'node:stream';
import { streamArray } from 'stream-json/streamers/stream-array.js';
import { VultuneError } from '../../../base/errors.ts';
import type { TableRow } from './table-rows.ts';

/** @throws VultuneError `DATASET_JSON_BROKEN`, `DATASET_FIELD_TYPE`. */
export async function* jsonRows(bytes: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<TableRow> {
  const input = Readable.from(bytes, { objectMode: false });
  const elements = streamArray.withParserAsStream();
  // A reader that stops, and a stream that breaks, must each end the other: `pipe` alone forwards neither.
  input.on('error', (error) => elements.destroy(error));
  input.pipe(elements);
  let row = 0;
  try {
    for await (const { value } of elements as AsyncIterable<{ readonly value: unknown }>) {
      row++;
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw new VultuneError('DATASET_FIELD_TYPE', `element ${row} of the array is no JSON object`, {
          where: { file, line: row },
          hint: 'expected an array of objects, one for each function',
        });
      }
      yield { value: value as Record<string, unknown>, line: row };
    }
  } catch (error) {
    throw broken(error, file, row + 1);
  } finally {
    input.destroy();
    elements.destroy();
  }
}

function broken(error: unknown, file: string, row: number): unknown {
  const isOurs = error instanceof VultuneError || (error instanceof Error && 'code' in error);
  if (isOurs || !(error instanceof Error)) return error;
  const reason = error.message.slice(0, 120);
  return new VultuneError('DATASET_JSON_BROKEN', `element ${row} of the array is not JSON: ${reason}`, {
    where: { file, line: row },
    hint: 'the file is cut off, or is no JSON array',
    cause: error,
  });
}
