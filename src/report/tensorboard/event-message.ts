/** @file TensorBoard's Event message (tensorflow/core/util/event.proto, summary.proto), scalars only. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export interface ScalarEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  /** By tag: `train/loss`. */
  readonly scalars: Readonly<Record<string, number>>;
}

/** Has to be the first record of a file. */
export function encodeFileVersion(wallTime: number): Uint8Array {
  return new BinaryWriter()
    .tag(1, WireType.Bit64)
    .double(wallTime)
    .tag(3, WireType.LengthDelimited)
    .string('brain.Event:2')
    .finish();
}

export function encodeScalars({ wallTime, step, scalars }: ScalarEvent): Uint8Array {
  const writer = new BinaryWriter()
    .tag(1, WireType.Bit64)
    .double(wallTime)
    .tag(2, WireType.Varint)
    .int64(step);
  writer.tag(5, WireType.LengthDelimited).fork();
  for (const [tag, value] of Object.entries(scalars)) {
    writer.tag(1, WireType.LengthDelimited).fork();
    // The writer throws for a number that a float does not hold; as one it is infinite.
    writer.tag(1, WireType.LengthDelimited).string(tag).tag(2, WireType.Bit32).float(Math.fround(value));
    writer.join();
  }
  return writer.join().finish();
}
