/**
 * @file Active sampling within a training: when unrelated functions are chosen anew, by scores of the parameters as they are, and how
 * planned steps take what is chosen. Which functions those are is active-sampling.ts's to say.
 */
import { type PackingOptions, type PlannedStep, planStep } from '../packing/plan.ts';
import type { PlannableFunctions } from '../packing/units.ts';
import { type ActiveSampling, candidates, exchange, hardest, placesUntilNext } from './active-sampling.ts';
import type { TrainerState } from './trainer-state.ts';

interface ChoiceParts {
  readonly functions: readonly { readonly unrelated?: boolean | undefined }[];
  readonly plannable: PlannableFunctions;
  readonly options: { readonly seed: number; readonly packing: PackingOptions };
  readonly sampling: ActiveSampling;
  readonly host: { scores(indices: readonly number[]): Promise<Float64Array> };
}

export class ActiveChoice {
  readonly #parts: ChoiceParts;

  constructor(parts: ChoiceParts) {
    this.#parts = parts;
  }

  /** Whether functions are chosen before this step. */
  isDue(step: number): boolean {
    return step > 0 && step % this.#parts.sampling.every === 0;
  }

  /** Chooses into the state. A run that is killed behind it chooses again, by the same parameters. */
  async make(state: TrainerState, stepsPerEpoch: number): Promise<void> {
    const { options, functions, host, sampling } = this.#parts;
    const started = performance.now();
    const unrelated = [...functions.keys()].filter((index) => functions[index]!.unrelated === true);
    const places = placesUntilNext(unrelated.length, stepsPerEpoch, sampling);
    const at = { seed: options.seed, step: state.step };
    const scored = candidates(unrelated, places, at);
    state.chosen = hardest(scored, await host.scores(scored), places, at);
    state.elapsedMs += performance.now() - started;
  }

  /** The step as it is taken, and what of the choice is left for those behind it. */
  applied(
    step: PlannedStep,
    chosen: Float64Array | undefined,
  ): { readonly step: PlannedStep; readonly left: Float64Array | undefined } {
    const { options, functions, plannable } = this.#parts;
    const own = step.sequences.flatMap((sequence) => [...sequence.functions]);
    const exchanged = exchange(own, (index) => functions[index]!.unrelated === true, chosen);
    if (exchanged === undefined) return { step, left: chosen };
    return { step: planStep(exchanged.functions, plannable, options.packing), left: exchanged.left };
  }
}
