/**
 * @file The ONNX file format: a model described in plain data, encoded as protobuf (onnx.proto3, field numbers below).
 * Independent of Vultune's graphs. Tensor data is copied once, from the host tensor into the finished file.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { VultuneError } from '../base/errors.ts';
import type { DType } from '../tensor/dtype.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import { DATA_TYPE } from './data-type.ts';

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

/** A weight whose bytes are read when they are written: a model larger than memory has only these. */
export interface StoredInitializer {
  readonly name: string;
  readonly dtype: 'float32' | 'float16';
  readonly shape: readonly number[];
  readonly sizeBytes: number;
  readonly read: () => Promise<Uint8Array>;
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
  /** Texts about the model (`metadata_props`). */
  readonly metadata?: Readonly<Record<string, string>>;
}

const IR_VERSION = 10;

/** A protobuf message, and so a file, holds less than 2^31 bytes. */
export const MAX_BYTES = 2 ** 31 - 1;

/** AttributeProto.AttributeType. */
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** @throws VultuneError `GRAPH_TOO_LARGE` when the model does not fit in one protobuf message. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const pieces = modelPieces(model, []);
  return concatenate(pieces.filter((piece) => piece instanceof Uint8Array));
}

/** Where in another file the bytes of a stored weight lie. */
export interface ExternalPlace {
  /** Its name, beside the model's file. */
  readonly location: string;
  readonly offset: number;
}

/**
 * The file as pieces that follow one another: bytes, and between them the weights whose bytes are yet to be read. Weights with a
 * place in another file are only named. Throws as {@link encodeModel}.
 */
export function modelPieces(
  model: OnnxModel,
  stored: readonly StoredInitializer[],
  placeOf?: (initializer: StoredInitializer) => ExternalPlace,
): (Uint8Array | StoredInitializer)[] {
  // The graph is a list of pieces: small messages from the protobuf writer, and between them the tensors' own bytes.
  const pieces: (Uint8Array | StoredInitializer)[] = [];
  pieces.push(
    encode((writer) => {
      for (const node of model.nodes) message(writer, 1, (inner) => writeNode(inner, node));
      text(writer, 2, 'vultune');
    }),
  );
  for (const { name, tensor } of model.initializers) pieces.push(...tensorField(name, tensor));
  for (const initializer of stored) {
    pieces.push(
      ...(placeOf === undefined
        ? storedField(initializer)
        : externalField(initializer, placeOf(initializer))),
    );
  }
  pieces.push(
    encode((writer) => {
      for (const value of model.inputs) message(writer, 11, (inner) => writeValueInfo(inner, value));
      for (const value of model.outputs) message(writer, 12, (inner) => writeValueInfo(inner, value));
    }),
  );
  const tail = encode((writer) => writeEntries(writer, 14, model.metadata ?? {}));
  const graphBytes = pieces.reduce((sum, piece) => sum + sizeOfPiece(piece), 0);
  if (graphBytes + tail.byteLength > MAX_BYTES - 1024) throw graphTooLarge(graphBytes);
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
  return [head, ...pieces, tail];
}

const sizeOfPiece = (piece: Uint8Array | StoredInitializer) =>
  piece instanceof Uint8Array ? piece.byteLength : piece.sizeBytes;

/** StringStringEntryProto. */
function writeEntries(writer: BinaryWriter, field: number, entries: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(entries)) {
    message(writer, field, (inner) => {
      text(inner, 1, key);
      text(inner, 2, value);
    });
  }
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
      int(tensor, 1, DATA_TYPE[dtype]);
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
  const head = tensorHead(name, DATA_TYPE[dtype], shape, bytes.byteLength);
  return [initializerTag(head.byteLength + bytes.byteLength), head, bytes];
}

function storedField(initializer: StoredInitializer): (Uint8Array | StoredInitializer)[] {
  const { name, dtype, shape, sizeBytes } = initializer;
  const head = tensorHead(name, DATA_TYPE[dtype], shape, sizeBytes);
  return [initializerTag(head.byteLength + sizeBytes), head, initializer];
}

/** TensorProto.external_data and data_location. */
function externalField(initializer: StoredInitializer, { location, offset }: ExternalPlace): Uint8Array[] {
  const { name, dtype, shape, sizeBytes } = initializer;
  const tensor = encode((writer) => {
    writeTensorType(writer, name, DATA_TYPE[dtype], shape);
    writeEntries(writer, 13, { location, offset: `${offset}`, length: `${sizeBytes}` });
    int(writer, 14, EXTERNAL);
  });
  return [initializerTag(tensor.byteLength), tensor];
}

/** TensorProto.DataLocation. */
const EXTERNAL = 1;

function writeTensorType(writer: BinaryWriter, name: string, type: number, shape: readonly number[]): void {
  for (const dim of shape) int(writer, 1, dim);
  int(writer, 2, type);
  text(writer, 8, name);
}

function tensorHead(name: string, type: number, shape: readonly number[], sizeBytes: number): Uint8Array {
  return encode((writer) => {
    writeTensorType(writer, name, type, shape);
    writer.tag(9, WireType.LengthDelimited).uint32(checkedLength(sizeBytes));
  });
}

const initializerTag = (sizeBytes: number): Uint8Array =>
  encode((writer) => writer.tag(5, WireType.LengthDelimited).uint32(checkedLength(sizeBytes)));

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
