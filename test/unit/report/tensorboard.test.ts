/** @file Event files against the published checksum of CRC-32C and a reader written from the format's description. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { expect, test } from 'vitest';
import { encodeScalars } from '../../../src/report/tensorboard/event-message.ts';
import { crc32c, maskedCrc } from '../../../src/report/tensorboard/tf-record.ts';
import { writeTensorboard } from '../../../src/report/tensorboard/write-tensorboard.ts';
import { fakeRun } from '../../support/fake-run.ts';

test('crc32c as RFC 3720, B.4', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});

test('a value that a float does not hold is written as infinite', () => {
  const message = encodeScalars({ wallTime: 1, step: 1, scalars: { x: 1e308 } });
  expect(Buffer.from(message).subarray(-4)).toEqual(Buffer.from(Float32Array.of(Infinity).buffer));
});

test('a run comes back record by record', () => {
  const dir = fakeRun({ steps: 5, epochs: 1 });
  const bytes = readFileSync(writeTensorboard(dir, join(dir, 'tb')));
  const records = readRecords(bytes);
  expect(records[0]!.fileVersion).toBe('brain.Event:2');
  expect(records.slice(1).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 5]);
  expect(records[1]!.scalars.get('train/learning_rate')).toBeCloseTo(8e-5, 9);
  expect([...records[6]!.scalars.keys()]).toEqual(['valid/log_loss', 'valid/f1']);
});

interface ReadRecord {
  step: number;
  fileVersion: string;
  scalars: Map<string, number>;
}

function readRecords(bytes: Buffer): ReadRecord[] {
  const records: ReadRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedCrc(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedCrc(data));
    records.push(readEvent(data));
    at += length + 16;
  }
  return records;
}

function readEvent(data: Uint8Array): ReadRecord {
  const record: ReadRecord = { step: 0, fileVersion: '', scalars: new Map() };
  const reader = new BinaryReader(data);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 2) record.step = Number(reader.int64());
    else if (field === 3) record.fileVersion = reader.string();
    else if (field === 5) readSummary(reader.bytes(), record.scalars);
    else reader.skip(wire);
  }
  return record;
}

function readSummary(data: Uint8Array, scalars: Map<string, number>): void {
  const reader = new BinaryReader(data);
  while (reader.pos < reader.len) {
    reader.tag();
    const value = new BinaryReader(reader.bytes());
    value.tag();
    const name = value.string();
    value.tag();
    scalars.set(name, value.float());
  }
}
