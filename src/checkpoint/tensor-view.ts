/** @file A checkpoint under other names: parts of stored tensors, transposed where they are stored so. */
import { invariant } from '../base/errors.ts';
import { type HostTensor, hostTensor, sizeOf } from '../tensor/host-tensor.ts';
import { transpose } from '../tensor/transpose.ts';
import type { Checkpoint, HeldTensor, TensorInfo } from './checkpoint.ts';

/** Where a tensor of a view comes from. */
export interface TensorView {
  readonly stored: string;
  /** Half-open range of the stored tensor's first axis; default: all of it. */
  readonly rows?: readonly [from: number, to: number];
  /** The stored matrix, [in, out], is read as [out, in]. */
  readonly transposed?: true;
}

/** `views` by the names of the view; what the checkpoint lacks is left out. The fingerprint stays the checkpoint's. */
export function viewCheckpoint(checkpoint: Checkpoint, views: ReadonlyMap<string, TensorView>): Checkpoint {
  const tensors = new Map<string, TensorInfo>();
  for (const [name, view] of views) {
    const stored = checkpoint.tensors.get(view.stored);
    if (stored === undefined) continue;
    const shape = viewShape(stored.shape, view);
    const share = sizeOf(shape) / sizeOf(stored.shape);
    const size = stored.sizeBytes === undefined ? {} : { sizeBytes: Math.ceil(stored.sizeBytes * share) };
    tensors.set(name, { ...stored, shape, ...size });
  }
  return {
    ...checkpoint,
    tensors,
    read: async (name) => {
      const view = views.get(name);
      // The checkpoint's own error for a name that it lacks.
      if (view === undefined) return await checkpoint.read(name);
      return seen(await checkpoint.read(view.stored), view);
    },
    ...(checkpoint.hold !== undefined && { hold: holdViews(checkpoint.hold, views) }),
    ...(checkpoint.readFourBit !== undefined && {
      readFourBit: fourBitOfViews(checkpoint.readFourBit, views),
    }),
    readRows: async (name, rows) => {
      const view = views.get(name) ?? { stored: name };
      invariant(view.transposed !== true, `"${name}" is stored by columns: its rows can't be read alone`);
      const from = view.rows?.[0] ?? 0;
      return await checkpoint.readRows(
        view.stored,
        from === 0 ? rows : Array.from(rows, (row) => from + row),
      );
    },
  };
}

/** Parts of one stored tensor hold it once. */
function holdViews(
  hold: NonNullable<Checkpoint['hold']>,
  views: ReadonlyMap<string, TensorView>,
): NonNullable<Checkpoint['hold']> {
  const shared = new Map<string, WeakRef<HeldTensor>>();
  return async (name) => {
    const view = views.get(name) ?? { stored: name };
    const held = shared.get(view.stored)?.deref() ?? (await hold(view.stored));
    shared.set(view.stored, new WeakRef(held));
    return { sizeBytes: held.sizeBytes, decode: async () => seen(await held.decode(), view) };
  };
}

/** Blocks of codes run over the ends of rows: only a whole matrix, as it is stored, has codes of its own. */
function fourBitOfViews(
  read: NonNullable<Checkpoint['readFourBit']>,
  views: ReadonlyMap<string, TensorView>,
): NonNullable<Checkpoint['readFourBit']> {
  return async (name) => {
    const { stored, rows, transposed } = views.get(name) ?? { stored: name };
    return rows === undefined && transposed !== true ? await read(stored) : undefined;
  };
}

function seen(whole: HostTensor<'float32'>, { rows, transposed }: TensorView): HostTensor<'float32'> {
  const part = rows === undefined ? whole : rowsOf(whole, rows);
  return transposed === true && part.shape.length === 2 ? transpose(part) : part;
}

function viewShape(shape: readonly number[], { rows, transposed }: TensorView): readonly number[] {
  // A range beyond the tensor gives the size that is there, which then disagrees with what the model expects.
  const first = Math.max(
    0,
    Math.min(shape[0] ?? 0, rows?.[1] ?? Number.POSITIVE_INFINITY) - (rows?.[0] ?? 0),
  );
  const part = shape.length === 0 ? shape : [first, ...shape.slice(1)];
  return transposed === true && part.length === 2 ? part.toReversed() : part;
}

function rowsOf(tensor: HostTensor<'float32'>, [from, to]: readonly [number, number]): HostTensor<'float32'> {
  const [count = 1, ...rest] = tensor.shape;
  const width = tensor.data.length / count;
  return hostTensor('float32', [to - from, ...rest], tensor.data.slice(from * width, to * width));
}
