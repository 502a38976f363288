/**
 * @file What a graph is fed: checks that tensors fit its inputs, and reads the values of its symbolic sizes off them.
 * Shared by the backends; knows none of them.
 */
import { invariant } from '../base/errors.ts';
import { type Dim, evaluateDim, formatShape, symbolsOf } from '../graph/dim.ts';
import type { Graph, Value } from '../graph/graph.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import type { Tensors } from './backend.ts';

export interface BindOptions {
  /** Whether a float64 tensor fits a float32 input. False unless given. */
  readonly acceptFloat64?: boolean;
}

/**
 * The value of every symbol that is an axis of its own of some input.
 * Throws an internal error when an input is missing, when its element type, rank or a size does not fit, or when two
 * axes disagree on a symbol. Feeds of other names are ignored.
 */
export function bindSizes(
  graph: Graph,
  feeds: Tensors,
  { acceptFloat64 = false }: BindOptions = {},
): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  /** The input each symbol was read off, for messages. */
  const origins = new Map<string, string>();
  for (const input of graph.inputs) {
    const tensor = requireKind(input, feeds[input.name], acceptFloat64);
    input.shape.forEach((dim, axis) => {
      if (typeof dim !== 'string' || sizes.has(dim) || !isSymbol(dim)) return;
      sizes.set(dim, tensor.shape[axis]!);
      origins.set(dim, input.name);
    });
  }
  for (const input of graph.inputs) requireSizes(input, feeds[input.name]!, sizes, origins);
  return sizes;
}

const isSymbol = (dim: string) => /^\w+$/.test(dim);

const describe = ({ dtype, shape }: Pick<Value, 'shape'> & { readonly dtype: string }) =>
  `${dtype}${formatShape(shape)}`;

/** Element type and rank. */
function requireKind(input: Value, tensor: HostTensor | undefined, acceptFloat64: boolean): HostTensor {
  invariant(tensor !== undefined, `input ${input.name} is missing: ${describe(input)} is expected`);
  const { dtype } = tensor;
  const typeFits =
    dtype === input.dtype || (acceptFloat64 && dtype === 'float64' && input.dtype === 'float32');
  invariant(
    typeFits && tensor.shape.length === input.shape.length,
    `input ${input.name} is ${describe(tensor)}, expected ${describe(input)}`,
  );
  return tensor;
}

function requireSizes(
  input: Value,
  tensor: HostTensor,
  sizes: ReadonlyMap<string, number>,
  origins: ReadonlyMap<string, string>,
): void {
  const sizeOf = (dim: Dim) => (typeof dim === 'number' ? dim : (sizes.get(dim) ?? evaluateDim(dim, sizes)));
  if (input.shape.every((dim, axis) => sizeOf(dim) === tensor.shape[axis])) return;
  const symbols = [...new Set(input.shape.flatMap(symbolsOf))].map(
    (symbol) => `${symbol} = ${sizes.get(symbol)} by input ${origins.get(symbol)}`,
  );
  const because = symbols.length === 0 ? '' : ` (${symbols.join(', ')})`;
  invariant(
    false,
    `input ${input.name} is ${describe(tensor)}, expected ${describe(input)} = ` +
      `${formatShape(input.shape.map(sizeOf))}${because}`,
  );
}
