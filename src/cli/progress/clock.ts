// SPDX-License-Identifier: MIT

/** Milliseconds of a clock that only goes forward. (`performance` is loaded at its first use: 3 ms of every command.) */
export function milliseconds(): number {
  return process.uptime() * 1000;
}
