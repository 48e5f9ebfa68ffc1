// SPDX-License-Identifier: MIT
import { milliseconds } from "./clock.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";

const WINDOW = 5000;
/** Milliseconds that must be measured before a rate is shown. */
const SHORTEST = 500;

/** Describes a transfer with its recent rate and the time left, as `3.0 MB of 9.0 MB, 1.5 MB/s, 4 s left`. */
export type TransferMeter = (bytes: number, total?: number) => string;

/** Creates a meter. It starts a new rate when the bytes become fewer because something is sent again. */
export function createTransferMeter(now = milliseconds): TransferMeter {
  let samples: { readonly at: number; readonly bytes: number }[] = [];
  return (bytes, total) => {
    const at = now();
    if (bytes < (samples.at(-1)?.bytes ?? 0)) samples = [];
    samples.push({ at, bytes });
    while (samples.length > 2 && at - samples[1]!.at >= WINDOW) samples.shift();
    const first = samples[0]!;
    const elapsed = at - first.at;
    const rate = elapsed < SHORTEST ? 0 : ((bytes - first.bytes) * 1000) / elapsed;
    return [
      total === undefined ? formatBytes(bytes) : `${formatBytes(bytes)} of ${formatBytes(total)}`,
      ...(rate > 0 ? [`${formatBytes(rate)}/s`] : []),
      ...(rate > 0 && total !== undefined && total > bytes
        ? [`${formatDuration((total - bytes) / rate)} left`]
        : []),
    ].join(", ");
  };
}

/** Formats seconds for people, as `4 s`, `2 min 5 s` or `1 h 3 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
