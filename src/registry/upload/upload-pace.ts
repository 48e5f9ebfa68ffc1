// SPDX-License-Identifier: MIT
import { abortedError } from "../../bytes/abort.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";

/** One upload that is under way. */
export interface UploadPlace {
  /** So many bytes more are sent from now on: those before were taken by the line. */
  sent(bytes: number): void;
  /** The upload is over, whatever became of it. Idempotent. */
  leave(): void;
}

/** Decides how many uploads share the line. */
export interface UploadPace {
  /** Waits until one more upload may begin, first come, first served. @throws OciError `aborted` */
  enter(size: number, options: AbortOptions): Promise<UploadPlace>;
  /** An upload broke. When that happens to several at once, they go one at a time from then on. */
  broke(): void;
}

export interface UploadPaceOptions {
  /** Milliseconds after which the registry ends an upload that is under way; undefined when nothing is known. */
  readonly uploadTime: number | undefined;
  /** Milliseconds since any moment. Default: this machine's clock. */
  readonly now?: (() => number) | undefined;
  /** Told how fast the line is (bytes a second) when an upload is over, once enough was sent to keep it. Never awaited. */
  readonly onRate?: ((rate: number) => void) | undefined;
}

interface Running {
  left: number;
  readonly until: number;
}

/** What counts as a measurement of the line, to go on with: so many bytes, or so many milliseconds. */
const MEASURED = { bytes: 256 * 1024, time: 1000 };
/**
 * What counts as one to keep: so many bytes, or fewer that took long. The system takes up to 4 MiB at once into its own
 * buffers, and the first bytes of a connection are slow, so that less says nothing of the line.
 */
const KEPT = { bytes: 8 * 1024 * 1024, slow: { bytes: 512 * 1024, time: 5000 } };
/** After this many milliseconds what was measured counts half: lines change. */
const FORGET_AFTER = 10_000;
/** So much of the time that is left may be planned with: other work may want the line. */
const SHARE = 0.8;
/** As many uploads have to break beside others before it counts as their number's fault. */
const BREAKS = 2;

/**
 * Creates the pace of the uploads to one registry. Uploads share the line, so each is the slower the more there are.
 * Where the registry ends uploads after a time, another begins only when all of them can end in time at the measured
 * rate; before anything is measured, one at a time. An upload alone always begins.
 */
export function createUploadPace({
  uploadTime = Infinity,
  now = () => performance.now(),
  onRate,
}: UploadPaceOptions): UploadPace {
  const running = new Set<Running>();
  const sending = new Set<Running>();
  const waiting: { readonly size: number; readonly go: () => void }[] = [];
  const line = createLine(now);
  let breaks = 0;
  const fits = (size: number): boolean => {
    if (running.size === 0) return true;
    if (breaks >= BREAKS) return false;
    if (uploadTime === Infinity) return true;
    const rate = line.rate();
    if (rate === undefined) return false;
    const all = [...running].reduce((sum, { left }) => sum + left, size) / rate;
    return (
      [...running].every(({ until }) => all <= (until - now()) * SHARE) && all <= uploadTime * SHARE
    );
  };
  const admit = (): void => {
    while (waiting[0] !== undefined && fits(waiting[0].size)) waiting.shift()!.go();
  };
  const start = (size: number): UploadPlace => {
    const one: Running = { left: size, until: now() + uploadTime };
    running.add(one);
    let before = 0;
    return {
      sent(bytes) {
        if (sending.has(one)) line.took(before);
        else if (bytes > 0) {
          // Until now the registry was asked, which says nothing of the line.
          if (sending.size === 0) line.begin();
          sending.add(one);
        }
        before = bytes;
        one.left = Math.max(0, one.left - bytes);
        // From here on the registry's answer is waited for, which does not either.
        if (one.left === 0) sending.delete(one);
        admit();
      },
      leave() {
        sending.delete(one);
        const rate = running.delete(one) ? line.lasting() : undefined;
        if (rate !== undefined) onRate?.(rate * 1000);
        admit();
      },
    };
  };
  return {
    enter: (size, { signal }) =>
      new Promise((resolve, reject) => {
        const go = (): void => {
          signal?.removeEventListener("abort", stop);
          resolve(start(size));
        };
        const entry = { size, go };
        const stop = (): void => {
          waiting.splice(waiting.indexOf(entry), 1);
          reject(abortedError(signal!, "upload"));
          admit();
        };
        waiting.push(entry);
        if (signal?.aborted === true) {
          stop();
          return;
        }
        signal?.addEventListener("abort", stop, { once: true });
        admit();
      }),
    broke: () => {
      if (running.size > 1) breaks += 1;
    },
  };
}

/** Measures how fast a line is while it is used. */
function createLine(now: () => number): {
  begin(): void;
  /** So many bytes were taken since then, or since the last time. */
  took(bytes: number): void;
  /** Bytes a millisecond, once anything can be said. */
  rate(): number | undefined;
  /** The same, once it is worth keeping. */
  lasting(): number | undefined;
} {
  let [bytes, time, since] = [0, 0, 0];
  const all = { bytes: 0, time: 0 };
  const rate = (): number | undefined =>
    time > 0 && (bytes >= MEASURED.bytes || time >= MEASURED.time) ? bytes / time : undefined;
  return {
    begin: () => void (since = now()),
    took(more) {
      const passed = now() - since;
      since += passed;
      bytes += more;
      all.bytes += more;
      time += passed;
      all.time += passed;
      if (time < FORGET_AFTER) return;
      bytes /= 2;
      time /= 2;
    },
    rate,
    lasting() {
      const { slow } = KEPT;
      const isSlow = all.bytes >= slow.bytes && all.time >= slow.time;
      return all.bytes >= KEPT.bytes || isSlow ? rate() : undefined;
    },
  };
}
