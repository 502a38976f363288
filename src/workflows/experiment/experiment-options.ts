/** @file What every part of an experiment is asked with. */

export interface ExperimentOptions {
  /** The name of a shipped table, or a YAML file: a table, or a training configuration. */
  readonly table: string;
  /** Where cells and tables lie. Default: `runs`. */
  readonly runs?: string | undefined;
  /** Where the table is written. Default: `<runs>/tables/<name>`, with the scale. */
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
}

export interface RunExperimentOptions extends ExperimentOptions {
  /** Cells trained at the same time. Default: 1. */
  readonly jobs?: number | undefined;
  /** Send functions to the endpoints that rows name. Default: false. */
  readonly allowEndpoint?: boolean | undefined;
}
