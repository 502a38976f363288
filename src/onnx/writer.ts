/**
 * @file The ONNX file format: a model described in plain data, encoded as protobuf (onnx.proto3, field numbers below).
 * Independent of Vultune's graphs. Tensor data is copied once, from the host tensor into the finished file.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { VultuneError } from '../base/errors.ts';
import type { DType } from '../tensor/dtype.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';

/** Whole numbers, lists of them and texts as they are; a float is marked, for ONNX tells 1 and 1.0 apart. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  /** '' is ONNX's own domain. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxInitializer {
  readonly name: string;
  readonly tensor: HostTensor;
}

export interface OnnxValueInfo {
  readonly name: string;
  readonly dtype: DType;
  /** A text is a size that is known at run time only (`dim_param`). */
  readonly shape: readonly (number | string)[];
}

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** Domain to version. */
  readonly opsets: Readonly<Record<string, number>>;
}

const IR_VERSION = 10;

/** A protobuf message, and so a file, holds less than 2^31 bytes. */
const MAX_BYTES = 2 ** 31 - 1;

/** TensorProto.DataType. */
const ELEMENT_TYPE: { readonly [K in DType]: number } = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
  uint32: 12,
};

/** AttributeProto.AttributeType. */
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** @throws VultuneError `GRAPH_TOO_LARGE` when the model does not fit in one protobuf message. */
export function encodeModel(model: OnnxModel): Uint8Array {
  // The graph is a list of pieces: small messages from the protobuf writer, and between them the tensors' own bytes.
  const pieces: Uint8Array[] = [];
  pieces.push(
    encode((writer) => {
      for (const node of model.nodes) message(writer, 1, (inner) => writeNode(inner, node));
      text(writer, 2, 'vultune');
    }),
  );
  for (const { name, tensor } of model.initializers) pieces.push(...tensorField(name, tensor));
  pieces.push(
    encode((writer) => {
      for (const value of model.inputs) message(writer, 11, (inner) => writeValueInfo(inner, value));
      for (const value of model.outputs) message(writer, 12, (inner) => writeValueInfo(inner, value));
    }),
  );
  const graphBytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  if (graphBytes > MAX_BYTES - 1024) throw graphTooLarge(graphBytes);
  const head = encode((writer) => {
    int(writer, 1, IR_VERSION);
    text(writer, 2, 'vultune');
    for (const [domain, version] of Object.entries(model.opsets)) {
      message(writer, 8, (inner) => {
        text(inner, 1, domain);
        int(inner, 2, version);
      });
    }
    writer.tag(7, WireType.LengthDelimited).uint32(graphBytes);
  });
  return concatenate([head, ...pieces]);
}

function graphTooLarge(bytes: number): VultuneError {
  return new VultuneError(
    'GRAPH_TOO_LARGE',
    `the graph with its constants takes ${(bytes / 2 ** 30).toFixed(2)} GB, one ONNX file holds less than 2 GB`,
    { hint: 'cut the model per block (cut: block), so that weights are given as inputs' },
  );
}

function writeNode(writer: BinaryWriter, node: OnnxNode): void {
  for (const input of node.inputs) text(writer, 1, input);
  for (const output of node.outputs) text(writer, 2, output);
  text(writer, 3, node.name);
  text(writer, 4, node.opType);
  for (const [name, value] of Object.entries(node.attributes)) {
    message(writer, 5, (inner) => writeAttribute(inner, name, value));
  }
  if (node.domain !== '') text(writer, 7, node.domain);
}

function writeAttribute(writer: BinaryWriter, name: string, value: OnnxAttribute): void {
  text(writer, 1, name);
  if (typeof value === 'number') {
    int(writer, 3, value);
    int(writer, 20, ATTRIBUTE_TYPE.int);
  } else if (typeof value === 'string') {
    text(writer, 4, value);
    int(writer, 20, ATTRIBUTE_TYPE.string);
  } else if ('float' in value) {
    writer.tag(2, WireType.Bit32).float(value.float);
    int(writer, 20, ATTRIBUTE_TYPE.float);
  } else {
    for (const item of value) int(writer, 8, item);
    int(writer, 20, ATTRIBUTE_TYPE.ints);
  }
}

function writeValueInfo(writer: BinaryWriter, { name, dtype, shape }: OnnxValueInfo): void {
  text(writer, 1, name);
  message(writer, 2, (type) => {
    message(type, 1, (tensor) => {
      int(tensor, 1, ELEMENT_TYPE[dtype]);
      message(tensor, 2, (dims) => {
        for (const dim of shape) {
          message(dims, 1, (inner) => (typeof dim === 'number' ? int(inner, 1, dim) : text(inner, 2, dim)));
        }
      });
    });
  });
}

/** GraphProto.initializer: the message without its data, then the data, uncopied. */
function tensorField(name: string, { dtype, shape, data }: HostTensor): Uint8Array[] {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const head = encode((writer) => {
    for (const dim of shape) int(writer, 1, dim);
    int(writer, 2, ELEMENT_TYPE[dtype]);
    text(writer, 8, name);
    writer.tag(9, WireType.LengthDelimited).uint32(checkedLength(bytes.byteLength));
  });
  const length = checkedLength(head.byteLength + bytes.byteLength);
  return [encode((writer) => writer.tag(5, WireType.LengthDelimited).uint32(length)), head, bytes];
}

function checkedLength(bytes: number): number {
  if (bytes > MAX_BYTES) throw graphTooLarge(bytes);
  return bytes;
}

function encode(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

function message(writer: BinaryWriter, field: number, write: (writer: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function int(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Varint).int64(value);
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.byteLength;
  }
  return whole;
}
