/**
 * @file What lowering rules write to: a growing list of ONNX nodes and constants, with unique names, shared small
 * constants, and sizes that are known at run time only. Knows no operator of the IR.
 */
import { invariant } from '../base/errors.ts';
import type { Dim, Shape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import { float32, type HostTensor, hostTensor, int64 } from '../tensor/host-tensor.ts';
import type { OnnxAttribute, OnnxInitializer, OnnxNode } from './writer.ts';

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** '' (ONNX's own operators) unless given. */
  readonly domain?: 'com.microsoft';
  /** Name of the result; a new one unless given. */
  readonly output?: string;
}

export class OnnxEmitter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxInitializer[] = [];
  readonly #names = new Set<string>();
  readonly #shared = new Map<string, string>();
  readonly #inputs: readonly Value[];
  #scope = '';

  constructor(inputs: readonly Value[]) {
    this.#inputs = inputs;
    for (const { name } of inputs) this.#names.add(name);
  }

  /** Takes `wanted` if it is free, else a name like it. */
  reserve(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#names.has(name); i++) name = `${wanted}/${i}`;
    this.#names.add(name);
    return name;
  }

  /** Names of nodes emitted from now on begin with this: the IR value they belong to. */
  scope(name: string): void {
    this.#scope = name;
  }

  /** Adds a node of one result; returns the result's name. */
  node(opType: string, inputs: readonly string[], options: NodeOptions = {}): string {
    const output = options.output ?? this.reserve(`${this.#scope}/${opType}`);
    // The result's name is unique, so it names the node as well: ONNX Runtime's errors and profiles show it.
    this.nodes.push({
      name: output,
      opType,
      domain: options.domain ?? '',
      inputs,
      outputs: [output],
      attributes: options.attributes ?? {},
    });
    return output;
  }

  initializer(wanted: string, tensor: HostTensor): string {
    const name = this.reserve(wanted);
    this.initializers.push({ name, tensor });
    return name;
  }

  int64s(values: readonly number[]): string {
    const key = `int64[${values.join(',')}]`;
    return this.once(key, () => this.initializer(key, int64([values.length], values)));
  }

  float(value: number): string {
    const key = `float(${value})`;
    return this.once(key, () => this.initializer(key, float32([], [value])));
  }

  uint32(value: number): string {
    const key = `uint32(${value})`;
    return this.once(key, () => this.initializer(key, hostTensor('uint32', [], Uint32Array.of(value))));
  }

  /** Emits what `make` emits the first time only; later calls with the same key get the same name. */
  once(key: string, make: () => string): string {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const name = make();
    this.#shared.set(key, name);
    return name;
  }

  /** The shape as an int64 tensor of one axis; arithmetic at run time only where a size is unknown. */
  shape(shape: Shape): string {
    if (shape.every((dim) => typeof dim === 'number')) return this.int64s(shape);
    if (shape.length === 1) return this.size(shape[0]!);
    return this.once(`shape[${shape.join(',')}]`, () =>
      this.node(
        'Concat',
        groupKnown(shape).map((part) => (typeof part === 'string' ? this.size(part) : this.int64s(part))),
        { attributes: { axis: 0 } },
      ),
    );
  }

  /** One size as an int64 tensor [1]: a sum of products of symbols, each symbol read off an input's shape. */
  size(dim: Dim): string {
    if (typeof dim === 'number') return this.int64s([dim]);
    return this.once(`size(${dim})`, () =>
      dim
        .split(' + ')
        .map((term) => this.#product(term))
        .reduce((sum, term) => this.node('Add', [sum, term])),
    );
  }

  #product(term: string): string {
    return term
      .split('*')
      .map((factor) => (/^\d+$/.test(factor) ? this.int64s([Number(factor)]) : this.#symbol(factor)))
      .reduce((product, factor) => this.node('Mul', [product, factor]));
  }

  #symbol(symbol: string): string {
    return this.once(`size(${symbol})`, () => {
      const input = this.#inputs.find(({ shape }) => shape.includes(symbol));
      invariant(input !== undefined, `size "${symbol}" is no axis of any input`);
      const axis = input.shape.indexOf(symbol);
      return this.node('Shape', [input.name], { attributes: { start: axis, end: axis + 1 } });
    });
  }
}

/** [2, 3, 'B', 4] -> [[2, 3], 'B', [4]] */
function groupKnown(shape: Shape): (string | number[])[] {
  const groups: (string | number[])[] = [];
  for (const dim of shape) {
    const last = groups.at(-1);
    if (typeof dim === 'string') groups.push(dim);
    else if (Array.isArray(last)) last.push(dim);
    else groups.push([dim]);
  }
  return groups;
}
