/** @file Vultune as tools for agents, by the Model Context Protocol over a pair of streams. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { connectStdio, toolServer } from '../../mcp/tool-server.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { packageVersions } from '../package-versions.ts';
import { openScoring } from '../triage/scoring.ts';
import { realRootOf } from '../triage/triage.ts';
import { agentTools, modelFacts } from './agent-tools.ts';
import type { ServeMcpOptions } from './mcp-options.ts';

/**
 * Answers until the input ends or the signal is aborted. The model is opened with the first call that needs it.
 * @throws VultuneError ROOT_MISSING, MCP_RUN, what finding an adapter throws
 */
export async function serveMcp(
  options: ServeMcpOptions,
  given: Partial<WorkflowContext> = {},
): Promise<void> {
  const context = workflowContext(given);
  const { signal, report } = context;
  const root = realRootOf(options.root ?? '.');
  const run = options.run ?? onlyRun(root);
  const scoring = await openScoring({ ...options, run, root }, context);
  try {
    const { worth, blend, cautions } = modelFacts({ scoring, run });
    const server = toolServer({
      version: packageVersions().vultune!,
      instructions:
        `Scores of functions by ${scoring.kind} that reads the text of one function at a time. A low score does not show that ` +
        `code is safe. The model: ${[worth, ...(blend === undefined ? [] : [blend]), ...cautions].join('; ')}.`,
      tools: agentTools({ scoring, run, root, context }),
      onFailure: options.onFailure ?? ((error) => report.warn(`a call failed: ${String(error)}`)),
    });
    const stop = () => void server.close();
    signal.addEventListener('abort', stop, { once: true });
    await connectStdio(server, options.input, options.output);
    if (signal.aborted) stop();
    await server.closed;
    signal.removeEventListener('abort', stop);
  } finally {
    await scoring.model.close();
  }
}

/** Throws MCP_RUN. */
function onlyRun(root: string): string {
  const folder = join(root, 'runs');
  const runs = existsSync(folder)
    ? readdirSync(folder).filter((name) => existsSync(join(folder, name, 'adapter', 'adapter_config.json')))
    : [];
  if (runs.length === 1) return join(folder, runs[0]!);
  const found = runs.length === 0 ? 'no finished run' : `${runs.length} runs`;
  throw new VultuneError('MCP_RUN', `found ${found} in ${folder}, expected one`, {
    where: { file: folder },
    hint: 'Name the run: vultune mcp RUN',
  });
}
