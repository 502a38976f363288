/** @file A tool that an agent may call: what it takes, and what it answers. The interface alone. */
import type { z } from '../schema/zod.ts';

export interface AgentTool<Input extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  /** For the model that decides whether to call it. */
  readonly description: string;
  /** Every field with a description; sizes are bounded here. */
  readonly input: Input;
  /** What it answers, as JSON. Throws VultuneError for what the caller can do something about. */
  run(input: z.output<Input>, signal: AbortSignal): Promise<object>;
}

/** The tools of a server take different inputs; each is checked against its own schema before it is run. */
export function agentTool<Input extends z.ZodObject>(tool: AgentTool<Input>): AgentTool {
  return tool as unknown as AgentTool;
}
