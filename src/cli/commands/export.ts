/** @file `vultune export`: options; the work is the workflow's. */
import { Command, Option } from 'commander';
import { FLOAT_DTYPES } from '../../checkpoint/safetensors-stream.ts';
import type { ExportOptions } from '../../workflows/export/export-options.ts';
import type { CliContext } from '../context.ts';
import { addDeviceOptions, addExamples } from '../options.ts';
import type { CliCommand } from '../program.ts';

export type RunExport = (request: ExportOptions, context: CliContext) => Promise<void>;

export function exportCommand(run: RunExport): CliCommand {
  return (context) => {
    const command = new Command('export')
      .summary('take a fine-tuned model elsewhere: Transformers, ONNX')
      .description(
        'Write a fine-tuned model with its adapter merged into the weights.\n\n' +
          'Weights are merged tensor by tensor, so little more memory is needed than the largest one takes. The blend with ' +
          "TF-IDF and length, and the weakness types, stay out: the exported model gives the network's own logits, and says so.",
      )
      .argument('<run>', 'run folder, PEFT adapter folder, or hub id of an adapter')
      .option(
        '--merged <folder>',
        'a checkpoint for Transformers, with the classifier, tokenizer and a README that says how to read it',
      )
      .option(
        '--onnx <file>',
        'one ONNX file: input_ids and attention_mask to logits, with tokenizer, threshold and calibration in its metadata; checked against the run',
      )
      .option(
        '--gguf <file>',
        'says whether llama.cpp has a classifier of this kind of model, and how to get the file',
      )
      .addOption(
        new Option('--dtype <type>', 'of the stored weights').choices(FLOAT_DTYPES).default('float32'),
      )
      .option('--force', 'replace what is there', false);
    addDeviceOptions(command);
    addExamples(command, [
      [
        'for Transformers and what reads its checkpoints',
        'vultune export runs/first --merged exported/first',
      ],
      [
        'for a browser, an editor, another language',
        'vultune export runs/first --onnx first.onnx --dtype float16',
      ],
    ]);
    return command.action(async (source: string, options: Omit<ExportOptions, 'run'>) => {
      await run({ run: source, ...options }, context);
    });
  };
}
