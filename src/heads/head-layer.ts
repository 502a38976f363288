/** @file norm(activation(dense(x))): the layer that heads of encoders have before their last matrix. */
import type { Value } from '../graph/graph.ts';
import { activate } from '../model/activation.ts';
import { norm, normParameters } from '../model/norm.ts';
import type { HeadLayer, Matrix } from '../model/spec.ts';
import type { FirstValues } from '../tensor/first-values.ts';
import { affine } from './affine.ts';
import type { HeadContext, HeadParameter } from './head.ts';

export interface BuiltHeadLayer {
  readonly parameters: readonly HeadParameter[];
  readonly matrices: readonly Matrix[];
  /** [.., in] -> [.., out] */
  readonly apply: (context: HeadContext, x: Value) => Value;
}

/** `first`: of the dense matrix where the layer is trained with the head; undefined: all of it is the checkpoint's own. */
export function headLayer(spec: HeadLayer, first: FirstValues | undefined): BuiltHeadLayer {
  const { dense, activation } = spec;
  const weight: HeadParameter = {
    name: `${dense.name}.weight`,
    shape: [dense.outputSize, dense.inputSize],
    first,
  };
  const bias: HeadParameter = {
    name: `${dense.name}.bias`,
    shape: [dense.outputSize],
    first: { kind: 'zero' },
  };
  const own = first === undefined ? [] : dense.bias ? [weight, bias] : [weight];
  const ofNorm = normParameters(spec.norm, dense.outputSize).map(
    ([name, shape]): HeadParameter => ({ name, shape, first: undefined }),
  );
  return {
    parameters: [...own, ...ofNorm],
    matrices: first === undefined ? [dense] : [],
    apply: (context, x) => {
      const { builder: b, parameter, linear } = context;
      const trained = () => affine(context, x, weight, dense.bias ? bias : undefined);
      const y = activate(b, activation, first === undefined ? linear(dense, x) : trained());
      const byName = (name: string) => parameter(ofNorm.find((one) => one.name === name)!);
      return norm({ builder: b, parameter: byName }, spec.norm, y);
    },
  };
}
