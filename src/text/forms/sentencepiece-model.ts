/**
 * @file A SentencePiece model file as plain data. Knows the wire format (sentencepiece_model.proto, field numbers below) and
 * which fields decide ids; nothing of what is made of them.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { VultuneError } from '../../base/errors.ts';
import { type ComponentPlace, invalid } from '../component.ts';

/** Values of a piece's type. */
export const PIECE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;
/** Values of trainer_spec.model_type. */
export const ALGORITHM = { unigram: 1, bytePairs: 2 } as const;

export interface SentencePiece {
  readonly piece: string;
  readonly score: number;
  readonly type: number;
}

export interface SentencePieceModel {
  readonly pieces: readonly SentencePiece[];
  readonly algorithm: number;
  readonly byteFallback: boolean;
  readonly blankAsSuffix: boolean;
  /** Places in `pieces`; below 0: there is none. */
  readonly unkId: number;
  readonly bosId: number;
  readonly eosId: number;
  readonly padId: number;
  /** Empty where text is taken as it is. */
  readonly charsMap: Uint8Array;
  readonly addDummyPrefix: boolean;
  readonly removeExtraBlanks: boolean;
  readonly escapeBlanks: boolean;
}

/** Published vocabularies have up to 262,144. */
const MOST_PIECES = 2 ** 21;

type Field = (reader: BinaryReader) => void;
type Fields = Readonly<Record<number, { readonly wire: WireType; readonly read: Field }>>;

/** @throws VultuneError TOKENIZER_INVALID for bytes that are not such a file, or contradict themselves. */
export function readSentencePieceModel(bytes: Uint8Array, place: ComponentPlace): SentencePieceModel {
  const pieces: SentencePiece[] = [];
  // What a field is that the file leaves out, as the format says.
  const trainer = {
    algorithm: 1,
    byteFallback: false,
    blankAsSuffix: false,
    unkId: 0,
    bosId: 1,
    eosId: 2,
    padId: -1,
  };
  const normalizer = {
    charsMap: new Uint8Array() as Uint8Array,
    addDummyPrefix: true,
    removeExtraBlanks: true,
    escapeBlanks: true,
  };
  const fields: Fields = {
    1: message((reader) => {
      if (pieces.length === MOST_PIECES) throw invalid(place, `has more than ${MOST_PIECES} pieces`);
      pieces.push(readPiece(reader));
    }),
    2: message((reader) => {
      readFields(reader, {
        3: number((value) => (trainer.algorithm = value)),
        24: flag((value) => (trainer.blankAsSuffix = value)),
        35: flag((value) => (trainer.byteFallback = value)),
        40: number((value) => (trainer.unkId = value)),
        41: number((value) => (trainer.bosId = value)),
        42: number((value) => (trainer.eosId = value)),
        43: number((value) => (trainer.padId = value)),
      });
    }),
    3: message((reader) => {
      readFields(reader, {
        2: { wire: WireType.LengthDelimited, read: (from) => (normalizer.charsMap = from.bytes()) },
        3: flag((value) => (normalizer.addDummyPrefix = value)),
        4: flag((value) => (normalizer.removeExtraBlanks = value)),
        5: flag((value) => (normalizer.escapeBlanks = value)),
      });
    }),
  };
  try {
    readFields(new BinaryReader(bytes), fields);
  } catch (cause) {
    if (cause instanceof VultuneError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid(place, `is not a SentencePiece model: ${reason.slice(0, 120)}`);
  }
  checkPieces(pieces, trainer, place);
  return { pieces, ...trainer, ...normalizer };
}

function readPiece(reader: BinaryReader): SentencePiece {
  const found = { piece: '', score: 0, type: PIECE.normal as number };
  readFields(reader, {
    1: { wire: WireType.LengthDelimited, read: (from) => (found.piece = from.string()) },
    2: { wire: WireType.Bit32, read: (from) => (found.score = from.float()) },
    3: number((value) => (found.type = value)),
  });
  return found;
}

/** Fields that are not listed are passed over. */
function readFields(reader: BinaryReader, fields: Fields): void {
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    const known = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (known !== undefined) {
      if (known.wire !== wire) throw new RangeError(`field ${field} has the wire type ${wire}`);
      known.read(reader);
      // Groups nest, and no version of this format has any.
    } else if (wire === WireType.StartGroup || wire === WireType.EndGroup) {
      throw new RangeError(`field ${field} is a group`);
    } else reader.skip(wire, field);
  }
}

const message = (read: Field) => ({
  wire: WireType.LengthDelimited,
  read: (reader: BinaryReader) => read(new BinaryReader(reader.bytes())),
});
const number = (take: (value: number) => void) => ({
  wire: WireType.Varint,
  read: (reader: BinaryReader) => take(reader.int32()),
});
const flag = (take: (value: boolean) => void) => ({
  wire: WireType.Varint,
  read: (reader: BinaryReader) => take(reader.bool()),
});

function checkPieces(
  pieces: readonly SentencePiece[],
  roles: Readonly<Record<'unkId' | 'bosId' | 'eosId' | 'padId', number>>,
  place: ComponentPlace,
): void {
  const seen = new Set<string>();
  for (const [id, { piece, score, type }] of pieces.entries()) {
    const what =
      piece === ''
        ? 'empty'
        : seen.has(piece)
          ? `"${piece.slice(0, 40)}", which is there twice`
          : !Number.isFinite(score)
            ? `of the score ${score}`
            : !Object.values<number>(PIECE).includes(type)
              ? `of the type ${type}`
              : undefined;
    if (what !== undefined) throw invalid(place, `has the piece ${id}, which is ${what}`);
    seen.add(piece);
  }
  for (const [role, id] of Object.entries(roles)) {
    if (role.endsWith('Id') && id >= pieces.length) {
      throw invalid(place, `has ${role} ${id}, but only ${pieces.length} pieces`);
    }
  }
}
