// SPDX-License-Identifier: MIT

/** Milliseconds of a monotonic clock. Not from `performance`, because loading that takes 3 ms in every command. */
export function milliseconds(): number {
  return process.uptime() * 1000;
}
