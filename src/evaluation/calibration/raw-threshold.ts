/** @file A threshold on the calibrated scale, carried back to the network's own: calibrations are strictly increasing. */
import { type CalibrationMap, calibrate } from './calibration.ts';

/**
 * The lowest raw score that is called vulnerable: `calibrate(map, raw) >= threshold` from it on. Exact in double precision, so
 * that both scales judge every function alike. Above 1 where no score is.
 */
export function rawThreshold(map: CalibrationMap | undefined, threshold: number): number {
  if (map === undefined || map.method === 'none') return threshold;
  if (calibrate(map, 0) >= threshold) return 0;
  if (calibrate(map, 1) < threshold) return 1 + Number.EPSILON;
  let [below, from] = [0, 1];
  for (;;) {
    const middle = below + (from - below) / 2;
    if (middle <= below || middle >= from) return from;
    if (calibrate(map, middle) >= threshold) from = middle;
    else below = middle;
  }
}
