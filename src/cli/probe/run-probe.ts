/** @file `vultune probe`: prints the table of layers, or JSON. */
import type { Pooled } from '../../network/layer-features.ts';
import { type ProbedLayer, type ProbeResult, probe } from '../../workflows/probe/probe.ts';
import type { ProbeRequest } from '../commands/probe.ts';
import type { CliContext } from '../context.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';
import { reporting } from '../display/terminal-reporter.ts';

export async function runProbe(request: ProbeRequest, context: CliContext): Promise<void> {
  const { stdout } = context;
  const result = await probe(request, reporting(context));
  stdout.write(request.json ? `${JSON.stringify(probeJson(result), null, 2)}\n` : probeText(result, stdout));
}

/** The best first, in a sentence; then every layer. */
export function probeText({ train, valid, poolings, layers, best }: ProbeResult, terminal: Terminal): string {
  const { colors } = terminal;
  const { rocAuc, interval } = layers[best.layers - 1]!.probes[best.pooling]!.validation;
  const range = interval === undefined ? '' : ` (95%: ${figure(interval[0])} to ${figure(interval[1])})`;
  const rows = layers.map((layer) => [
    `${layer.layers}`,
    ...poolings.map((pooling) => {
      const shown = cell(layer, pooling);
      return layer.layers === best.layers && pooling === best.pooling ? colors.heading(shown) : shown;
    }),
  ]);
  const columns = [
    { heading: 'layers', align: 'right' as const },
    ...poolings.map((pooling) => ({
      heading: `${pooling}${pooling === 'mean' ? ' of all tokens' : ' token'}`,
    })),
  ];
  const cut = train.truncated + valid.truncated;
  return `${colors.heading(`best: ${best.layers} of ${layers.length} layers, pooling ${best.pooling}`)}: ROC AUC ${figure(rocAuc)}${range} on ${valid.functions} validation functions
The best of ${layers.length * poolings.length} on so few functions flatters itself: take a layer whose neighbours do well too.
fitted on ${train.functions} functions; ${cut} of ${train.functions + valid.functions} are truncated

${renderTable(columns, rows, terminal)}
For a training configuration:
  keep_layers: ${best.layers}
  pooling: ${best.pooling}
${best.headInit === 'probe' ? '  head_init: probe\n' : ''}`;
}

const figure = (value: number) => value.toFixed(3);

function cell({ probes }: ProbedLayer, pooling: Pooled): string {
  const { rocAuc, interval } = probes[pooling]!.validation;
  if (interval === undefined) return figure(rocAuc);
  return `${figure(rocAuc)} ${interval.map((end) => end.toFixed(2)).join('–')}`;
}

function probeJson({ train, valid, poolings, layers, best }: ProbeResult): object {
  return {
    train,
    valid,
    layers: layers.map(({ layers: count, probes }) => ({
      layers: count,
      ...Object.fromEntries(
        poolings.map((pooling) => {
          const { validation, inverseRegularization } = probes[pooling]!;
          const [low, high] = validation.interval ?? [null, null];
          return [
            pooling,
            { roc_auc: validation.rocAuc, low, high, inverse_regularization: inverseRegularization },
          ];
        }),
      ),
    })),
    best: { layers: best.layers, pooling: best.pooling, head_init: best.headInit },
  };
}
