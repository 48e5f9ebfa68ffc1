// SPDX-License-Identifier: MIT

/**
 * The lines of an image's environment (`NAME=value`) as a map, in order. If a name is there twice, the last
 * one counts.
 */
export function readEnvironment(lines: readonly string[]): Map<string, string> {
  const environment = new Map<string, string>();
  for (const line of lines) {
    const equals = line.indexOf("=");
    environment.set(equals < 0 ? line : line.slice(0, equals), line);
  }
  return environment;
}
