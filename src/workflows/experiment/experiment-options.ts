/** @file What every part of an experiment is asked with. */
import type { TorchOptions } from '../torch/train-with-torch.ts';

export interface ExperimentOptions {
  /** The name of a shipped table, or a YAML file: a table, or a training configuration. */
  readonly table: string;
  /** Where cells and tables lie. Default: `runs`. */
  readonly runs?: string | undefined;
  /** Where the table is written. Default: `<runs>/tables/<name>`, with the scale, and with `torch` where PyTorch trains. */
  readonly out?: string | undefined;
  /** The folder that relative data files of the table start from; default: the current folder, or that of the file. */
  readonly dataDir?: string | undefined;
  readonly scale?: string | undefined;
  /** Rows by name, with those that they start from; default: all. */
  readonly only?: readonly string[] | undefined;
  /** Instead of the table's. */
  readonly seeds?: readonly number[] | undefined;
  /** `key=a,b,c`: instead of the rows. */
  readonly sweep?: readonly string[] | undefined;
  /** `key=value` laid over every cell. */
  readonly overrides?: readonly string[] | undefined;
  /** PyTorch takes the steps of every training: its cells are others than those of Vultune's own engine, the default. */
  readonly torch?: TorchOptions | undefined;
}

export interface RunExperimentOptions extends ExperimentOptions {
  /** Cells trained at the same time. Default: 1. */
  readonly jobs?: number | undefined;
  /** Send functions to the endpoints that rows name. Default: false. */
  readonly allowEndpoint?: boolean | undefined;
}
