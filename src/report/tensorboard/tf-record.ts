/**
 * @file TFRecord framing: length, its checksum, bytes, their checksum (tensorflow/core/lib/io/record_writer.h).
 * What the records hold is the caller's business.
 */

const CASTAGNOLI = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ CASTAGNOLI : value >>> 1;
  return value >>> 0;
});

/** CRC-32C, as RFC 3720 has it (reflected, all ones before and after). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Rotated and shifted, so that the checksum of data that holds checksums is not degenerate. */
export function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

export function frameRecord(data: Uint8Array): Uint8Array {
  const framed = new Uint8Array(data.length + 16);
  const view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(framed.subarray(0, 8)), true);
  framed.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return framed;
}
