/** @file Makes graphs: one method per operator, shapes inferred at once, so that a mistake is found where it is made. */
import { invariant } from '../base/errors.ts';
import { float32, type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import { canonicalDim, type Dim, type Shape, sameShape } from './dim.ts';
import type { Graph, GraphOutput, Node, Value } from './graph.ts';
import type {
  BlockAttributes,
  GeluApproximation,
  GraphDType,
  Int8MatmulAttributes,
  MatmulAttributes,
  OpAttributes,
  OpName,
} from './ops.ts';
import { inferType } from './shape-rules.ts';

/** How `rotary` turns; the defaults turn every feature forward, in halves. */
export interface RotaryOptions {
  /** Turn by the negative angles. */
  readonly inverse?: boolean;
  /** Width of a head; twice the width of the tables unless given. */
  readonly headSize?: number;
  /** Pairs are neighbours (2i, 2i + 1) instead of halves (i, i + r/2). */
  readonly interleaved?: boolean;
}

export class GraphBuilder {
  readonly #inputs: Value[] = [];
  readonly #nodes: Node[] = [];
  readonly #outputs: GraphOutput[] = [];
  readonly #names = new Set<string>();
  #counter = 0;

  /** A builder that goes on where a graph ends; the graph itself stays as it is. Outputs are not taken over. */
  static from(graph: Graph): GraphBuilder {
    const builder = new GraphBuilder();
    builder.#inputs.push(...graph.inputs);
    builder.#nodes.push(...graph.nodes);
    for (const value of [...graph.inputs, ...graph.nodes.map((node) => node.output)]) {
      builder.#names.add(value.name);
    }
    return builder;
  }

  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  input(name: string, dtype: GraphDType, shape: Shape): Value {
    invariant(!this.#names.has(name), `two values named "${name}"`);
    const value = { name, dtype, shape: shape.map(canonicalDim) };
    this.#names.add(name);
    this.#inputs.push(value);
    return value;
  }

  output(name: string, value: Value): void {
    this.#outputs.push({ name, value });
  }

  build(): Graph {
    return { inputs: [...this.#inputs], nodes: [...this.#nodes], outputs: [...this.#outputs] };
  }

  apply<K extends OpName>(op: K, inputs: readonly Value[], attributes: OpAttributes[K]): Value {
    const { dtype, shape } = inferType(op, inputs, attributes);
    let name = `${op}_${this.#counter++}`;
    while (this.#names.has(name)) name = `${op}_${this.#counter++}`;
    this.#names.add(name);
    const output: Value = { name, dtype, shape };
    // The row of `op` in the union of nodes: TypeScript can't follow a generic key into it.
    this.#nodes.push({ op, inputs: [...inputs], attributes, output } as unknown as Node);
    return output;
  }

  constant(value: HostTensor): Value {
    return this.apply('constant', [], { value });
  }

  scalar(value: number): Value {
    return this.constant(float32([], [value]));
  }

  uint32(value: number): Value {
    return this.constant(hostTensor('uint32', [], Uint32Array.of(value)));
  }

  neg(x: Value): Value {
    return this.apply('neg', [x], {});
  }
  exp(x: Value): Value {
    return this.apply('exp', [x], {});
  }
  log(x: Value): Value {
    return this.apply('log', [x], {});
  }
  sqrt(x: Value): Value {
    return this.apply('sqrt', [x], {});
  }
  reciprocal(x: Value): Value {
    return this.apply('reciprocal', [x], {});
  }
  sigmoid(x: Value): Value {
    return this.apply('sigmoid', [x], {});
  }
  tanh(x: Value): Value {
    return this.apply('tanh', [x], {});
  }
  erf(x: Value): Value {
    return this.apply('erf', [x], {});
  }
  silu(x: Value): Value {
    return this.apply('silu', [x], {});
  }
  gelu(x: Value, approximate: GeluApproximation): Value {
    return this.apply('gelu', [x], { approximate });
  }
  stopGradient(x: Value): Value {
    return this.apply('stopGradient', [x], {});
  }
  pow(x: Value, exponent: number): Value {
    return this.apply('pow', [x], { exponent });
  }

  add(a: Value, b: Value): Value {
    return this.apply('add', [a, b], {});
  }
  sub(a: Value, b: Value): Value {
    return this.apply('sub', [a, b], {});
  }
  mul(a: Value, b: Value): Value {
    return this.apply('mul', [a, b], {});
  }
  div(a: Value, b: Value): Value {
    return this.apply('div', [a, b], {});
  }
  /** x times a number known now. */
  scale(x: Value, factor: number): Value {
    return factor === 1 ? x : this.mul(x, this.scalar(factor));
  }
  less(a: Value, b: Value): Value {
    return this.apply('less', [a, b], {});
  }
  where(condition: Value, a: Value, b: Value): Value {
    return this.apply('where', [condition, a, b], {});
  }
  bitXor(a: Value, b: Value): Value {
    return this.apply('bitXor', [a, b], {});
  }
  shiftRight(x: Value, amount: number): Value {
    return this.apply('shiftRight', [x], { amount });
  }
  cast(x: Value, to: GraphDType): Value {
    return this.apply('cast', [x], { to });
  }

  matmul(a: Value, b: Value, attributes: MatmulAttributes = {}): Value {
    return this.apply('matmul', [a, b], attributes);
  }
  /** alpha * a b + c, for matrices. */
  gemm(a: Value, b: Value, c: Value, attributes: MatmulAttributes = {}): Value {
    return this.apply('gemm', [a, b, c], attributes);
  }

  /** x codes * scales with the rows of x rounded; scales undefined: 1. */
  int8Matmul(x: Value, codes: Value, scales: Value | undefined, attributes: Int8MatmulAttributes): Value {
    return this.apply('int8Matmul', scales === undefined ? [x, codes] : [x, codes, scales], attributes);
  }
  dequantizeRows(codes: Value, scales: Value): Value {
    return this.apply('dequantizeRows', [codes, scales], {});
  }
  dequantizeBlocks(codes: Value, factors: Value, attributes: BlockAttributes): Value {
    return this.apply('dequantizeBlocks', [codes, factors], attributes);
  }

  reduceSum(x: Value, axes: readonly number[], keepDims = false): Value {
    return axes.length === 0 ? x : this.apply('reduceSum', [x], { axes, keepDims });
  }
  reduceMean(x: Value, axes: readonly number[], keepDims = false): Value {
    return this.apply('reduceMean', [x], { axes, keepDims });
  }
  reduceMax(x: Value, axes: readonly number[], keepDims = false): Value {
    return this.apply('reduceMax', [x], { axes, keepDims });
  }

  reshape(x: Value, shape: Shape): Value {
    const canonical = shape.map(canonicalDim);
    return sameShape(x.shape, canonical) ? x : this.apply('reshape', [x], { shape: canonical });
  }
  transpose(x: Value, permutation: readonly number[]): Value {
    return this.apply('transpose', [x], { permutation });
  }
  expand(x: Value, shape: Shape): Value {
    const canonical = shape.map(canonicalDim);
    return sameShape(x.shape, canonical) ? x : this.apply('expand', [x], { shape: canonical });
  }
  concat(parts: readonly Value[], axis: number): Value {
    return this.apply('concat', parts, { axis });
  }
  slice(x: Value, axis: number, start: Dim, end: Dim): Value {
    return this.apply('slice', [x], { axis, start: canonicalDim(start), end: canonicalDim(end) });
  }
  pad(x: Value, axis: number, before: Dim, after: Dim): Value {
    return this.apply('pad', [x], { axis, before: canonicalDim(before), after: canonicalDim(after) });
  }

  gather(x: Value, indices: Value): Value {
    return this.apply('gather', [x, indices], {});
  }
  scatterAdd(indices: Value, updates: Value, rows: Dim): Value {
    return this.apply('scatterAdd', [indices, updates], { rows: canonicalDim(rows) });
  }
  packRows(x: Value, index: Value, inverse: Value, slotIsReal: Value): Value {
    return this.apply('packRows', [x, index, inverse, slotIsReal], {});
  }
  unpackRows(y: Value, index: Value, inverse: Value, slotIsReal: Value): Value {
    return this.apply('unpackRows', [y, index, inverse, slotIsReal], {});
  }

  softmax(x: Value): Value {
    return this.apply('softmax', [x], {});
  }
  logSoftmax(x: Value): Value {
    return this.apply('logSoftmax', [x], {});
  }
  rmsNorm(x: Value, weight: Value, epsilon: number): Value {
    return this.apply('rmsNorm', [x, weight], { epsilon });
  }
  layerNorm(x: Value, weight: Value, epsilon: number): Value {
    return this.apply('layerNorm', [x, weight], { epsilon });
  }
  rotary(x: Value, cos: Value, sin: Value, positions: Value, options: RotaryOptions = {}): Value {
    const { inverse = false, headSize, interleaved = false } = options;
    const turned = cos.shape[1];
    // What is the default is left out: one computation has one form, which passes and hashes recognise.
    const isPartial = headSize !== undefined && !(typeof turned === 'number' && headSize === 2 * turned);
    return this.apply('rotary', [x, cos, sin, positions], {
      inverse,
      ...(isPartial && { headSize }),
      ...(interleaved && { interleaved }),
    });
  }
}
