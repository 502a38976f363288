/** @file The activation of a config.json: several of Transformers' names (activations.py) are one function. */
import type { Activation } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';

const NAMES: Readonly<Record<string, Activation>> = {
  silu: 'silu',
  swish: 'silu',
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_fast: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  gelu_python_tanh: 'gelu-tanh',
  relu: 'relu',
};

export function readActivation(config: ConfigReader, key: string, fallback: string): Activation {
  const name = config.text(key, fallback);
  const activation = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  if (activation === undefined) throw config.unsupported(key, name, Object.keys(NAMES).join(', '));
  return activation;
}
